# A shop: Sinatra under puma, the pg gem with a pool, redis, Net::HTTP to an HTTPS API.
require 'sinatra/base'
require 'connection_pool'
require 'digest'
require 'json'
require 'net/http'
require 'openssl'
require 'pg'
require 'redis'
require 'securerandom'
require 'stringio'
require 'time'
require 'zlib'

DB = ConnectionPool.new(size: 5, timeout: 5) do
  PG.connect(
    host: ENV['DB_HOST'], port: ENV['DB_PORT'], user: ENV['DB_USER'],
    password: ENV['DB_PASSWORD'], dbname: ENV['DB_NAME']
  ).tap { |c| c.type_map_for_results = PG::BasicTypeMapForResults.new(c) }
end
CACHE = ConnectionPool::Wrapper.new(size: 5) do
  Redis.new(host: ENV['REDIS_HOST'], port: ENV['REDIS_PORT'])
end

Problem = Class.new(StandardError) do
  attr_reader :status

  def initialize(status, text)
    @status = status
    super(text)
  end
end

class Shop < Sinatra::Base
  set :show_exceptions, false
  set :raise_errors, false
  set :dump_errors, false
  set :host_authorization, permitted_hosts: []

  error Problem do
    e = env['sinatra.error']
    halt e.status, JSON.generate(error: e.message)
  end
  error { halt 500, JSON.generate(error: env['sinatra.error'].message) }

  before { content_type :json }

  helpers do
    def input
      JSON.parse(request.body.read)
    rescue JSON::ParserError
      raise Problem.new(400, 'bad json')
    end

    def token
      request.env['HTTP_AUTHORIZATION'].to_s.delete_prefix('Bearer ')
    end

    def user
      raise Problem.new(401, 'no token') if token.empty?

      id = CACHE.get("session:#{token}") or raise Problem.new(401, 'bad token')
      id.to_i
    end

    def query(sql, *params)
      DB.with { |c| c.exec_params(sql, params).to_a }
    end

    def audit(connection, user, action, detail)
      connection.exec_params(
        'INSERT INTO audit (user_id, action, detail, at) VALUES ($1, $2, $3, $4)',
        [user, action, JSON.generate(detail), Time.now.utc.iso8601(6)]
      )
    end

    def shown(row)
      { id: row['id'], name: row['name'], price: row['price'].to_s('F'), stock: row['stock'],
        tags: PG::TextDecoder::Array.new.decode(row['tags'].to_s).then { |t| row['tags'].is_a?(Array) ? row['tags'] : t },
        updated_at: row['updated_at'].utc.iso8601(6) }
    end

    def load_item(id)
      cached = CACHE.get("item:#{id}")
      return JSON.parse(cached, symbolize_names: true) if cached

      row = query('SELECT * FROM items WHERE id = $1', id).first or raise Problem.new(404, 'not found')
      shown(row).tap { |found| CACHE.setex("item:#{id}", 300, JSON.generate(found)) }
    end

    def api
      where = URI(ENV['RATES_URL'])
      Net::HTTP.start(where.host, where.port, use_ssl: true, ca_file: ENV['RATES_CA']) { |http| yield http }
    end

    def rate(currency)
      answer = api { |http| http.get("/rates?currency=#{currency}", 'X-Api-Key' => 'shop-key') }
      raise Problem.new(502, "no rate for #{currency}") unless answer.is_a?(Net::HTTPOK)

      JSON.parse(answer.body)['rate'].to_r
    end

    def pay(order, total)
      head = { 'Content-Type' => 'application/json', 'Idempotency-Key' => order }
      JSON.parse(api { |http| http.post('/payments', JSON.generate(order: order, amount: total), head) }.body)['id']
    end
  end

  get('/health') { JSON.generate(ok: true) }

  post '/login' do
    in_ = input
    row = query('SELECT id, password_sha256 FROM users WHERE name = $1', in_['name']).first
    if row.nil? || row['password_sha256'] != Digest::SHA256.hexdigest(in_['password'].to_s)
      raise Problem.new(401, 'wrong name or password')
    end
    made = SecureRandom.urlsafe_base64(24)
    CACHE.set("session:#{made}", row['id'], ex: 3600)
    JSON.generate(token: made, user: row['id'])
  end

  post '/logout' do
    user
    CACHE.del("session:#{token}")
    status 204
  end

  get '/items' do
    rows = query('SELECT * FROM items WHERE owner_id = $1 ORDER BY id DESC LIMIT $2', user, params.fetch('limit', 20))
    JSON.generate(items: rows.map { |row| shown(row) })
  end

  post '/items' do
    by = user
    in_ = input
    raise Problem.new(422, 'name and price are needed') if in_['name'].to_s.empty? || in_['price'].to_f.negative?

    made = DB.with do |c|
      c.transaction do
        tags = PG::TextEncoder::Array.new.encode(in_['tags'])
        row = c.exec_params(
          'INSERT INTO items (owner_id, name, price, stock, tags) VALUES ($1, $2, $3, $4, $5) RETURNING *',
          [by, in_['name'], in_['price'], in_['stock'], tags]
        ).first
        audit(c, by, 'create', item: row['id'])
        row
      end
    end
    status 201
    headers 'Location' => "/items/#{made['id']}"
    JSON.generate(shown(made))
  end

  get '/items/:id' do
    user
    found = load_item(params['id'])
    found[:price] = (found[:price].to_r * rate(params['currency'])).to_f.round(2).to_s if params['currency']
    JSON.generate(found)
  end

  patch '/items/:id' do
    by = user
    price = input['price']
    old = DB.with do |c|
      c.transaction do
        row = c.exec_params('SELECT price FROM items WHERE id = $1 AND owner_id = $2 FOR UPDATE', [params['id'], by]).first
        raise Problem.new(404, 'not found') unless row

        c.exec_params('UPDATE items SET price = $1, updated_at = $2 WHERE id = $3', [price, Time.now.utc.iso8601(6), params['id']])
        audit(c, by, 'price', item: params['id'], old: row['price'].to_s('F'), new: price)
        row['price']
      end
    end
    CACHE.del("item:#{params['id']}")
    JSON.generate(old: old.to_s('F'), price: price)
  end

  delete '/items/:id' do
    query('DELETE FROM items WHERE id = $1 AND owner_id = $2', params['id'], user)
    CACHE.del("item:#{params['id']}")
    status 204
  rescue PG::ForeignKeyViolation
    raise Problem.new(409, 'has orders')
  end

  post '/items/:id/photo' do
    user
    data = params['photo']['tempfile'].read
    query('UPDATE items SET photo = $1::bytea, photo_type = $2 WHERE id = $3', { value: data, format: 1 }, params['photo']['type'], params['id'])
    status 201
    JSON.generate(sha256: Digest::SHA256.hexdigest(data), size: data.bytesize)
  end

  get '/items/:id/photo' do
    user
    row = query('SELECT photo, photo_type FROM items WHERE id = $1', params['id']).first
    content_type row['photo_type']
    row['photo']
  end

  get '/orders' do
    rows = query('SELECT id, total::text, status, created_at FROM orders WHERE user_id = $1 AND status = $2', user, params['status'])
    JSON.generate(orders: rows)
  end

  get '/orders/:id' do
    row = query('SELECT id, total::text, status, created_at FROM orders WHERE id = $1 AND user_id = $2', params['id'], user).first
    raise Problem.new(404, 'not found') unless row

    JSON.generate(row)
  end

  delete '/orders/:id' do
    query('DELETE FROM orders WHERE id = $1 AND user_id = $2', params['id'], user)
    status 204
  end

  post '/orders' do
    by = user
    in_ = input
    id = SecureRandom.uuid
    made = DB.with do |c|
      c.transaction do
        item = c.exec_params('SELECT price, stock FROM items WHERE id = $1 FOR UPDATE', [in_['item']]).first
        raise Problem.new(409, 'out of stock') if item['stock'] < in_['quantity']

        c.exec_params('UPDATE items SET stock = stock - $1 WHERE id = $2', [in_['quantity'], in_['item']])
        total = (item['price'] * in_['quantity']).round(2).to_s('F')
        row = c.exec_params(
          "INSERT INTO orders (id, user_id, item_id, quantity, total, payment, status) VALUES ($1, $2, $3, $4, $5, $6, 'paid') RETURNING id, total::text, payment, status, created_at",
          [id, by, in_['item'], in_['quantity'], total, pay(id, total)]
        ).first
        audit(c, by, 'order', id: id)
        row
      end
    end
    CACHE.multi do |m|
      m.del("item:#{in_['item']}")
      m.lpush('mails', JSON.generate(user: by, order: id))
    end
    status 201
    JSON.generate(made)
  end

  get '/report' do
    user
    rows = query('SELECT n, md5(n::text) FROM generate_series(1, 200) AS n')
    content_type 'text/csv'
    headers 'Content-Encoding' => 'gzip'
    Zlib.gzip(rows.map { |r| "#{r['n']},#{r['md5']}\n" }.join)
  end

  get('/boom') { user && query('SELECT 1 / 0') }
end

# What runs beside the requests: a heartbeat, and mails from a queue.
module Background
  def self.start
    Thread.new do
      loop do
        sleep 1
        DB.with { |c| c.exec("INSERT INTO heartbeats (name, seen) VALUES ('shop', now()) ON CONFLICT (name) DO UPDATE SET seen = now()") }
        CACHE.setex('alive', 30, Time.now.to_i)
      rescue StandardError => e
        warn "beat: #{e}"
      end
    end
    Thread.new do
      queue = Redis.new(host: ENV['REDIS_HOST'], port: ENV['REDIS_PORT'])
      loop do
        _, job = queue.brpop('mails', timeout: 2)
        next unless job

        job = JSON.parse(job)
        DB.with do |c|
          name = c.exec_params('SELECT name FROM users WHERE id = $1', [job['user']]).first['name']
          c.exec_params('INSERT INTO mails (recipient, subject) VALUES ($1, $2)', [name, "Order #{job['order']}"])
        end
      rescue StandardError => e
        warn "mail: #{e}"
        sleep 1
      end
    end
  end
end
