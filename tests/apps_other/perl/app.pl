#!/usr/bin/env perl
# A shop: Mojolicious::Lite in its prefork server, DBI with DBD::Pg, Redis, Mojo's user agent over HTTPS.
use Mojolicious::Lite -signatures;
use DBI;
use Digest::SHA qw(sha256_hex);
use IO::Compress::Gzip qw(gzip);
use Mojo::JSON qw(decode_json encode_json);
use Redis;

my ($pid, $db, $cache) = (0);

# Connections are made anew in each worker.
sub connections {
    return if $pid == $$;
    $pid = $$;
    my $dsn = "dbi:Pg:host=$ENV{DB_HOST};port=$ENV{DB_PORT};dbname=$ENV{DB_NAME}";
    $dsn .= ";sslmode=$ENV{DB_SSLMODE}" if $ENV{DB_SSLMODE};
    $dsn .= ";sslrootcert=$ENV{DB_CA}" if ($ENV{DB_SSLMODE} // '') =~ /^verify/;
    $db = DBI->connect($dsn, $ENV{DB_USER}, $ENV{DB_PASSWORD},
        {RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1});
    $cache = Redis->new(server => "$ENV{REDIS_HOST}:$ENV{REDIS_PORT}", encoding => undef);
}

app->secrets(['a secret']);
app->log->level('fatal');
hook before_dispatch => sub ($c) { connections() };
hook around_action => sub ($next, $c, $action, $last) {
    eval { $next->() ; 1 } and return;
    my $why = $@;
    return $c->render(json => {error => $why->{error}}, status => $why->{status}) if ref $why eq 'HASH';
    $c->render(json => {error => "$why"}, status => 500);
};

sub problem ($status, $error) { die {status => $status, error => $error} }

helper input => sub ($c) { eval { decode_json($c->req->body) } // problem(400, 'bad json') };
helper token => sub ($c) { ($c->req->headers->authorization // '') =~ s/^Bearer //r };
helper user => sub ($c) {
    problem(401, 'no token') unless $c->token;
    return $cache->get('session:' . $c->token) // problem(401, 'bad token');
};

sub audit ($user, $action, $detail) {
    $db->do('INSERT INTO audit (user_id, action, detail, at) VALUES (?, ?, ?, ?)',
        undef, $user, $action, encode_json($detail), Mojo::Date->new->to_datetime);
}

sub transaction ($work) {
    $db->begin_work;
    my $made = eval { $work->() };
    if (my $why = $@) { $db->rollback; die $why }
    $db->commit;
    return $made;
}

my $columns = 'id, name, price, stock, tags, updated_at';

get '/health' => sub ($c) { $c->render(json => {ok => \1}) };

post '/login' => sub ($c) {
    my $in = $c->input;
    my $row = $db->selectrow_hashref('SELECT id, password_sha256 FROM users WHERE name = ?', undef, $in->{name});
    problem(401, 'wrong name or password') unless $row && $row->{password_sha256} eq sha256_hex($in->{password});
    my $token = sha256_hex(join ' ', $$, time, rand, rand);
    $cache->setex("session:$token", 3600, $row->{id});
    $c->render(json => {token => $token, user => $row->{id}});
};

post '/logout' => sub ($c) {
    $c->user;
    $cache->del('session:' . $c->token);
    $c->rendered(204);
};

get '/items' => sub ($c) {
    my $rows = $db->selectall_arrayref("SELECT $columns FROM items WHERE owner_id = ? ORDER BY id DESC LIMIT ?",
        {Slice => {}}, $c->user, $c->param('limit') // 20);
    $c->render(json => {items => $rows});
};

post '/items' => sub ($c) {
    my $user = $c->user;
    my $in = $c->input;
    problem(422, 'name and price are needed') if !$in->{name} || $in->{price} < 0;
    my $made = transaction(sub {
        my $row = $db->selectrow_hashref(
            "INSERT INTO items (owner_id, name, price, stock, tags) VALUES (?, ?, ?, ?, ?) RETURNING $columns",
            undef, $user, @$in{qw(name price stock tags)});
        audit($user, 'create', {item => $row->{id}});
        $row;
    });
    $c->res->headers->location("/items/$made->{id}");
    $c->render(json => $made, status => 201);
};

get '/items/:id' => sub ($c) {
    $c->user;
    my $id = $c->param('id');
    my $found = $cache->get("item:$id");
    if ($found) { $found = decode_json($found) }
    else {
        $found = $db->selectrow_hashref("SELECT $columns FROM items WHERE id = ?", undef, $id)
            // problem(404, 'not found');
        $cache->setex("item:$id", 300, encode_json($found));
    }
    if (my $currency = $c->param('currency')) {
        my $ua = Mojo::UserAgent->new(ca => $ENV{RATES_CA});
        my $answer = $ua->get("$ENV{RATES_URL}/rates?currency=$currency" => {'X-Api-Key' => 'shop-key'})->result;
        problem(502, "no rate for $currency") unless $answer->code == 200;
        $found->{price} = sprintf '%.2f', $found->{price} * $answer->json->{rate};
    }
    $c->render(json => $found);
};

patch '/items/:id' => sub ($c) {
    my ($user, $id, $price) = ($c->user, $c->param('id'), $c->input->{price});
    my $old = transaction(sub {
        my ($old) = $db->selectrow_array('SELECT price FROM items WHERE id = ? AND owner_id = ? FOR UPDATE', undef, $id, $user)
            or problem(404, 'not found');
        $db->do('UPDATE items SET price = ?, updated_at = ? WHERE id = ?', undef, $price, Mojo::Date->new->to_datetime, $id);
        audit($user, 'price', {item => $id, old => $old, new => $price});
        $old;
    });
    $cache->del("item:$id");
    $c->render(json => {old => $old, price => $price});
};

del '/items/:id' => sub ($c) {
    my ($user, $id) = ($c->user, $c->param('id'));
    eval { $db->do('DELETE FROM items WHERE id = ? AND owner_id = ?', undef, $id, $user); 1 }
        or ($db->state eq '23503' ? problem(409, 'has orders') : die $@);
    $cache->del("item:$id");
    $c->rendered(204);
};

post '/items/:id/photo' => sub ($c) {
    $c->user;
    my $photo = $c->req->upload('photo');
    my $data = $photo->slurp;
    my $s = $db->prepare('UPDATE items SET photo = ?, photo_type = ? WHERE id = ?');
    $s->bind_param(1, $data, {pg_type => DBD::Pg::PG_BYTEA()});
    $s->bind_param(2, $photo->headers->content_type);
    $s->bind_param(3, $c->param('id'));
    $s->execute;
    $c->render(json => {sha256 => sha256_hex($data), size => length $data}, status => 201);
};

get '/items/:id/photo' => sub ($c) {
    $c->user;
    my ($data, $type) = $db->selectrow_array('SELECT photo, photo_type FROM items WHERE id = ?', undef, $c->param('id'));
    $c->res->headers->content_type($type);
    $c->render(data => $data);
};

post '/orders' => sub ($c) {
    my $user = $c->user;
    my $in = $c->input;
    my ($id) = $db->selectrow_array('SELECT gen_random_uuid()');
    my $made = transaction(sub {
        my ($price, $stock) = $db->selectrow_array('SELECT price, stock FROM items WHERE id = ? FOR UPDATE', undef, $in->{item});
        problem(409, 'out of stock') if $stock < $in->{quantity};
        $db->do('UPDATE items SET stock = stock - ? WHERE id = ?', undef, $in->{quantity}, $in->{item});
        my $total = sprintf '%.2f', $price * $in->{quantity};
        my $paid = Mojo::UserAgent->new(ca => $ENV{RATES_CA})->post("$ENV{RATES_URL}/payments" =>
            {'Idempotency-Key' => $id} => json => {order => $id, amount => $total})->result->json;
        my $row = $db->selectrow_hashref(
            "INSERT INTO orders (id, user_id, item_id, quantity, total, payment, status) VALUES (?, ?, ?, ?, ?, ?, 'paid')
             RETURNING id, total, payment, status, created_at",
            undef, $id, $user, $in->{item}, $in->{quantity}, $total, $paid->{id});
        audit($user, 'order', {id => $id});
        $row;
    });
    $cache->del("item:$in->{item}");
    $cache->lpush('mails', encode_json({user => $user, order => $id}));
    $c->render(json => $made, status => 201);
};

get '/orders' => sub ($c) {
    my $rows = $db->selectall_arrayref('SELECT id, total, status FROM orders WHERE user_id = ? AND status = ?',
        {Slice => {}}, $c->user, $c->param('status'));
    $c->render(json => {orders => $rows});
};

get '/orders/:id' => sub ($c) {
    my $row = $db->selectrow_hashref('SELECT id, total, status FROM orders WHERE id = ? AND user_id = ?',
        undef, $c->param('id'), $c->user) // problem(404, 'not found');
    $c->render(json => $row);
};

del '/orders/:id' => sub ($c) {
    $db->do('DELETE FROM orders WHERE id = ? AND user_id = ?', undef, $c->param('id'), $c->user);
    $c->rendered(204);
};

get '/report' => sub ($c) {
    $c->user;
    my $rows = $db->selectall_arrayref('SELECT n, md5(n::text) FROM generate_series(1, 200) AS n');
    my $text = join '', map {"$_->[0],$_->[1]\n"} @$rows;
    gzip \$text => \my $packed;
    $c->res->headers->content_type('text/csv');
    $c->res->headers->content_encoding('gzip');
    $c->render(data => $packed);
};

get '/boom' => sub ($c) { $c->user; $db->do('SELECT 1 / 0') };

app->start('prefork', '-l', "http://127.0.0.1:$ENV{PORT}", '-w', 3, '-P', '/tmp/shop.pid');
