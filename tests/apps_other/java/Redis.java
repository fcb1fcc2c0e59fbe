import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One connection that all share, as Lettuce has it: opened when first used, and again when lost. */
class Redis {
    private Socket socket;
    private InputStream in;

    String get(String key) {
        return (String) call("GET", key);
    }

    void setex(String key, int seconds, String value) {
        call("SETEX", key, String.valueOf(seconds), value);
    }

    void del(String key) {
        call("DEL", key);
    }

    synchronized Object call(String... words) {
        try {
            if (socket == null) open();
            send(words);
            return reply();
        } catch (IOException e) {
            socket = null;
            throw new UncheckedIOException(e);
        }
    }

    private void open() throws IOException {
        int port = Integer.parseInt(System.getenv("REDIS_PORT"));
        socket = new Socket(System.getenv("REDIS_HOST"), port);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        send("CLIENT", "SETNAME", "shop");
        reply();
    }

    private void send(String... words) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(("*" + words.length + "\r\n").getBytes());
        for (String word : words) {
            byte[] data = word.getBytes(StandardCharsets.UTF_8);
            out.write(("$" + data.length + "\r\n").getBytes());
            out.write(data);
            out.write("\r\n".getBytes());
        }
        socket.getOutputStream().write(out.toByteArray());
    }

    private Object reply() throws IOException {
        int kind = in.read();
        String line = line();
        switch (kind) {
            case '+', ':':
                return line;
            case '$':
                int size = Integer.parseInt(line);
                if (size < 0) return null;
                String text = new String(in.readNBytes(size), StandardCharsets.UTF_8);
                line();
                return text;
            case '*':
                int count = Integer.parseInt(line);
                if (count < 0) return null;
                Object[] all = new Object[count];
                for (int i = 0; i < count; i++) all[i] = reply();
                return all;
            default:
                throw new IOException("redis: " + line);
        }
    }

    private String line() throws IOException {
        StringBuilder out = new StringBuilder();
        for (int c; (c = in.read()) != '\n'; ) {
            if (c < 0) throw new IOException("redis has gone");
            if (c != '\r') out.append((char) c);
        }
        return out.toString();
    }
}
