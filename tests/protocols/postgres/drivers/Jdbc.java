// pgjdbc: types named in Parse, binary from prepareThreshold on, fetch sizes, batches, COPY.
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class Jdbc {
    static void print(ResultSet r) throws SQLException {
        int n = r.getMetaData().getColumnCount();
        while (r.next()) {
            StringBuilder b = new StringBuilder();
            for (int i = 1; i <= n; i++) {
                Object o = r.getObject(i);
                if (o instanceof Array) o = Arrays.toString((Object[]) ((Array) o).getArray());
                b.append(o instanceof byte[] ? Arrays.toString((byte[]) o) : String.valueOf(o)).append(" | ");
            }
            System.out.println(b);
        }
    }

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        String url = "jdbc:postgresql://127.0.0.1:" + args[0] + "/shop?prepareThreshold=" + (args.length > 1 ? args[1] : "5");
        Connection c = DriverManager.getConnection(url, "app", "s3cret");
        Statement s = c.createStatement();
        s.execute("CREATE TABLE t (id serial PRIMARY KEY, name text, n numeric(10,2), at timestamptz, ts timestamp, d date, b boolean, raw bytea, l bigint, f float8, u uuid, tags text[])");
        PreparedStatement p = c.prepareStatement("INSERT INTO t (name, n, at, ts, d, b, raw, l, f, u, tags) VALUES (?,?,?,?,?,?,?,?,?,?,?)", Statement.RETURN_GENERATED_KEYS);
        for (int i = 0; i < 8; i++) {
            p.setString(1, "n" + i);
            p.setBigDecimal(2, new BigDecimal("1.50").multiply(new BigDecimal(i)));
            p.setObject(3, java.time.OffsetDateTime.of(2024, 1, 1 + i, 0, 0, 0, 0, java.time.ZoneOffset.UTC));
            p.setObject(4, java.time.LocalDateTime.of(2024, 1, 1, 1, i));
            p.setObject(5, java.time.LocalDate.of(2024, 2, 1 + i));
            p.setBoolean(6, i % 2 == 0);
            p.setBytes(7, new byte[] {0, (byte) i});
            p.setLong(8, 1L << (4 * i));
            p.setDouble(9, i / 3.0);
            p.setObject(10, new UUID(0, i));
            p.setArray(11, c.createArrayOf("text", new String[] {"a", "b c"}));
            System.out.println(p.executeUpdate());
            ResultSet k = p.getGeneratedKeys();
            k.next();
            System.out.println(k.getInt(1));
        }
        PreparedStatement q = c.prepareStatement("SELECT id, name, n, at, ts, d, b, raw, l, f, u, tags FROM t WHERE id < ? AND name LIKE ? ORDER BY id");
        for (int i = 1; i < 9; i++) {
            q.setInt(1, i);
            q.setString(2, "n%");
            print(q.executeQuery());
        }
        c.setAutoCommit(false);
        PreparedStatement f = c.prepareStatement("SELECT g FROM generate_series(1, ?) g");
        f.setFetchSize(3);
        f.setInt(1, 10);
        print(f.executeQuery());
        f.setInt(1, 6);
        print(f.executeQuery());
        f.setInt(1, 10);
        ResultSet early = f.executeQuery();
        early.next();
        System.out.println(early.getInt(1));
        early.close();
        c.commit();
        PreparedStatement batch = c.prepareStatement("UPDATE t SET l = ? WHERE id = ?");
        for (int i = 1; i < 5; i++) {
            batch.setLong(1, i * 100);
            batch.setInt(2, i);
            batch.addBatch();
        }
        System.out.println(Arrays.toString(batch.executeBatch()));
        Savepoint save = c.setSavepoint();
        try {
            s.executeUpdate("INSERT INTO t (id) VALUES (1)");
        } catch (SQLException e) {
            System.out.println(e.getSQLState() + " " + e.getMessage());
        }
        c.rollback(save);
        try {
            PreparedStatement wrong = c.prepareStatement("SELECT x FROM nowhere WHERE id = ?");
            wrong.setInt(1, 1);
            wrong.executeQuery();
        } catch (SQLException e) {
            System.out.println(e.getSQLState());
        }
        c.rollback();
        print(s.executeQuery("SELECT l FROM t ORDER BY id LIMIT 2"));
        s.execute("SELECT 1; UPDATE t SET b = true WHERE id < 3; SELECT 2");
        print(s.getResultSet());
        s.getMoreResults();
        System.out.println(s.getUpdateCount());
        s.getMoreResults();
        print(s.getResultSet());
        CopyManager copies = c.unwrap(PGConnection.class).getCopyAPI();
        System.out.println(copies.copyIn("COPY t (name) FROM STDIN", new StringReader("x\ny\n")));
        StringWriter out = new StringWriter();
        System.out.println(copies.copyOut("COPY (SELECT id, name FROM t ORDER BY id) TO STDOUT", out) + " " + out);
        c.commit();
        DatabaseMetaData meta = c.getMetaData();
        ResultSet columns = meta.getColumns(null, null, "t", null);
        while (columns.next()) System.out.println(columns.getString("COLUMN_NAME") + " " + columns.getString("TYPE_NAME"));
        ParameterMetaData pm = q.getParameterMetaData();
        System.out.println(pm.getParameterTypeName(1) + " " + q.getMetaData().getColumnTypeName(3));
        s.execute("LISTEN ch");
        s.execute("NOTIFY ch, 'told'");
        c.commit();
        for (org.postgresql.PGNotification n : c.unwrap(PGConnection.class).getNotifications(5000)) System.out.println(n.getName() + " " + n.getParameter());
        c.close();
    }
}
