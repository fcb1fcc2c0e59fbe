bind "tcp://127.0.0.1:#{ENV['PORT']}"
threads 5, 5
quiet
if ENV['WEB_CONCURRENCY']
  workers ENV['WEB_CONCURRENCY'].to_i
  on_worker_boot { |index| Background.start if index.zero? }
end
