require_relative 'app'

Background.start unless ENV['WEB_CONCURRENCY']
run Shop
