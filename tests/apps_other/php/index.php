<?php
// A shop: PHP behind its own web server or php-fpm, PDO, phpredis, curl to an HTTPS API.
declare(strict_types=1);

class Problem extends Exception
{
}

function database(): PDO
{
    static $db = null;
    return $db ??= new PDO(
        sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT'), getenv('DB_NAME')),
        getenv('DB_USER'),
        getenv('DB_PASSWORD'),
        [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC],
    );
}

function cache(): Redis
{
    static $redis = null;
    if ($redis === null) {
        $redis = new Redis();
        $redis->pconnect(getenv('REDIS_HOST'), (int) getenv('REDIS_PORT'));
    }
    return $redis;
}

function query(string $sql, array $params = []): PDOStatement
{
    $statement = database()->prepare($sql);
    $statement->execute($params);
    return $statement;
}

function say(int $status, mixed $body = null): never
{
    http_response_code($status);
    if ($body !== null) {
        header('Content-Type: application/json');
        echo json_encode($body, JSON_THROW_ON_ERROR);
    }
    exit;
}

function input(): array
{
    try {
        return json_decode(file_get_contents('php://input'), true, 32, JSON_THROW_ON_ERROR);
    } catch (JsonException) {
        throw new Problem('bad json', 400);
    }
}

function token(): string
{
    return preg_replace('/^Bearer /', '', $_SERVER['HTTP_AUTHORIZATION'] ?? '');
}

function user(): int
{
    if (token() === '') {
        throw new Problem('no token', 401);
    }
    $id = cache()->get('session:' . token());
    if ($id === false) {
        throw new Problem('bad token', 401);
    }
    return (int) $id;
}

function audit(int $user, string $action, array $detail): void
{
    query(
        'INSERT INTO audit (user_id, action, detail, at) VALUES (?, ?, ?, ?)',
        [$user, $action, json_encode($detail), gmdate('Y-m-d\TH:i:s\Z')],
    );
}

function api(string $method, string $path, ?array $body = null, array $headers = []): array
{
    $curl = curl_init(getenv('RATES_URL') . $path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CAINFO => getenv('RATES_CA'),
        CURLOPT_ENCODING => '',
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', ...$headers],
    ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => json_encode($body)]));
    $answer = curl_exec($curl);
    if ($answer === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), json_decode($answer, true)];
}

function item(array $row): array
{
    return [
        'id' => $row['id'],
        'name' => $row['name'],
        'price' => $row['price'],
        'stock' => $row['stock'],
        'tags' => str_getcsv(trim($row['tags'], '{}')),
        'updated_at' => $row['updated_at'],
    ];
}

const COLUMNS = 'id, name, price, stock, tags, updated_at';

function load(string $id): array
{
    $cached = cache()->get("item:$id");
    if ($cached !== false) {
        return json_decode($cached, true);
    }
    $row = query('SELECT ' . COLUMNS . ' FROM items WHERE id = ?', [$id])->fetch();
    if (!$row) {
        throw new Problem('not found', 404);
    }
    cache()->setex("item:$id", 300, json_encode(item($row)));
    return item($row);
}

function login(): never
{
    $in = input();
    $row = query('SELECT id, password_sha256 FROM users WHERE name = ?', [$in['name']])->fetch();
    if (!$row || !hash_equals($row['password_sha256'], hash('sha256', $in['password']))) {
        throw new Problem('wrong name or password', 401);
    }
    $token = bin2hex(random_bytes(20));
    cache()->set("session:$token", $row['id'], ['ex' => 3600]);
    setcookie('last_user', (string) $row['id'], ['httponly' => true, 'expires' => time() + 86400]);
    say(200, ['token' => $token, 'user' => $row['id']]);
}

function createItem(int $user): never
{
    $in = input();
    if (($in['name'] ?? '') === '' || (float) $in['price'] < 0) {
        throw new Problem('name and price are needed', 422);
    }
    $db = database();
    $db->beginTransaction();
    $tags = '{' . implode(',', array_map(fn($t) => '"' . addslashes($t) . '"', $in['tags'])) . '}';
    $row = query(
        'INSERT INTO items (owner_id, name, price, stock, tags) VALUES (?, ?, ?, ?, ?) RETURNING ' . COLUMNS,
        [$user, $in['name'], $in['price'], $in['stock'], $tags],
    )->fetch();
    audit($user, 'create', ['item' => $row['id']]);
    $db->commit();
    header("Location: /items/{$row['id']}");
    say(201, item($row));
}

function changeItem(int $user, string $id): never
{
    $in = input();
    $db = database();
    $db->beginTransaction();
    $old = query('SELECT price FROM items WHERE id = ? AND owner_id = ? FOR UPDATE', [$id, $user])->fetchColumn();
    if ($old === false) {
        $db->rollBack();
        throw new Problem('not found', 404);
    }
    query('UPDATE items SET price = ?, updated_at = ? WHERE id = ?', [$in['price'], gmdate(DATE_ATOM), $id]);
    audit($user, 'price', ['item' => $id, 'old' => $old, 'new' => $in['price']]);
    $db->commit();
    cache()->del("item:$id");
    say(200, ['old' => $old, 'price' => $in['price']]);
}

function photo(string $method, string $id): never
{
    if ($method === 'GET') {
        $row = query('SELECT photo, photo_type FROM items WHERE id = ?', [$id])->fetch();
        header('Content-Type: ' . $row['photo_type']);
        echo stream_get_contents($row['photo']);
        exit;
    }
    $data = file_get_contents($_FILES['photo']['tmp_name']);
    $statement = database()->prepare('UPDATE items SET photo = :photo, photo_type = :type WHERE id = :id');
    $statement->bindValue('photo', $data, PDO::PARAM_LOB);
    $statement->bindValue('type', $_FILES['photo']['type']);
    $statement->bindValue('id', $id, PDO::PARAM_INT);
    $statement->execute();
    say(201, ['sha256' => hash('sha256', $data), 'size' => strlen($data)]);
}

function items(string $method, int $user, array $parts): never
{
    $id = $parts[1] ?? null;
    if (isset($parts[2])) {
        photo($method, $id);
    }
    if ($id === null && $method === 'POST') {
        createItem($user);
    }
    if ($id === null) {
        $statement = query(
            'SELECT ' . COLUMNS . ' FROM items WHERE owner_id = ? ORDER BY id DESC LIMIT ?',
            [$user, $_GET['limit'] ?? 20],
        );
        say(200, ['items' => array_map('item', $statement->fetchAll())]);
    }
    if ($method === 'PATCH') {
        changeItem($user, $id);
    }
    if ($method === 'DELETE') {
        try {
            query('DELETE FROM items WHERE id = ? AND owner_id = ?', [$id, $user]);
        } catch (PDOException $e) {
            throw $e->getCode() === '23503' ? new Problem('has orders', 409) : $e;
        }
        cache()->del("item:$id");
        say(204);
    }
    $found = load($id);
    if (isset($_GET['currency'])) {
        [$status, $rate] = api('GET', '/rates?currency=' . $_GET['currency'], null, ['X-Api-Key: shop-key']);
        if ($status !== 200) {
            throw new Problem('no rate', 502);
        }
        $found['price'] = number_format((float) $found['price'] * (float) $rate['rate'], 2);
    }
    say(200, $found);
}

function buy(int $user): never
{
    $in = input();
    $bytes = random_bytes(16);
    $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
    $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
    $id = vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    $db = database();
    $db->beginTransaction();
    try {
        $item = query('SELECT price, stock FROM items WHERE id = ? FOR UPDATE', [$in['item']])->fetch();
        if ($item['stock'] < $in['quantity']) {
            throw new Problem('out of stock', 409);
        }
        query('UPDATE items SET stock = stock - ? WHERE id = ?', [$in['quantity'], $in['item']]);
        $total = number_format($item['price'] * $in['quantity'], 2, '.', '');
        [, $paid] = api('POST', '/payments', ['order' => $id, 'amount' => $total], ["Idempotency-Key: $id"]);
        $row = query(
            "INSERT INTO orders (id, user_id, item_id, quantity, total, payment, status)
             VALUES (?, ?, ?, ?, ?, ?, 'paid') RETURNING id, total, payment, status, created_at",
            [$id, $user, $in['item'], $in['quantity'], $total, $paid['id']],
        )->fetch();
        audit($user, 'order', ['id' => $id]);
        $db->commit();
    } catch (Throwable $e) {
        $db->rollBack();
        throw $e;
    }
    cache()->multi(Redis::PIPELINE)
        ->del("item:{$in['item']}")
        ->lPush('mails', json_encode(['user' => $user, 'order' => $id]))
        ->exec();
    say(201, $row);
}

function orders(string $method, int $user, array $parts): never
{
    $columns = 'id, total, payment, status, created_at';
    if ($method === 'POST') {
        buy($user);
    }
    if (!isset($parts[1])) {
        $found = query("SELECT $columns FROM orders WHERE user_id = ? AND status = ?", [$user, $_GET['status']]);
        say(200, ['orders' => $found->fetchAll()]);
    }
    if ($method === 'DELETE') {
        query('DELETE FROM orders WHERE id = ? AND user_id = ?', [$parts[1], $user]);
        say(204);
    }
    $found = query("SELECT $columns FROM orders WHERE id = ? AND user_id = ?", [$parts[1], $user])->fetch();
    say(200, $found ?: throw new Problem('not found', 404));
}

function report(): never
{
    $text = '';
    foreach (query('SELECT n, md5(n::text) FROM generate_series(1, 200) AS n') as $row) {
        $text .= "{$row['n']},{$row['md5']}\n";
    }
    header('Content-Type: text/csv');
    header('Content-Encoding: gzip');
    echo gzencode($text);
    exit;
}

$method = $_SERVER['REQUEST_METHOD'];
$parts = explode('/', trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/'));
try {
    match ($parts[0]) {
        'health' => say(200, ['ok' => true]),
        'login' => login(),
        'logout' => user() && cache()->del('session:' . token()) !== false ? say(204) : say(500),
        'items' => items($method, user(), $parts),
        'orders' => orders($method, user(), $parts),
        'report' => user() && report(),
        'boom' => user() && query('SELECT 1 / 0'),
        default => say(404, ['error' => 'no such page']),
    };
} catch (Problem $e) {
    say($e->getCode(), ['error' => $e->getMessage()]);
} catch (Throwable $e) {
    error_log((string) $e);
    say(500, ['error' => $e->getMessage()]);
}
