package dev.holdfast.examples;

import dev.holdfast.examples.v1.Reading;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The effects of one stream, and the number of the last message that had one. */
final class ReadingsTable implements AutoCloseable {
  private final Connection connection;
  private final String session;

  private ReadingsTable(Connection connection, String session) {
    this.connection = connection;
    this.session = session;
  }

  /** Nothing here keeps a reading from being written twice but {@link #add}. */
  static void create(String database) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS readings"
              + " (device VARCHAR(100), number BIGINT, amount DOUBLE PRECISION)");
      statement.execute(
          "CREATE TABLE IF NOT EXISTS progress"
              + " (session VARCHAR(32) PRIMARY KEY, message BIGINT NOT NULL)");
    }
  }

  /** Opens it for a session, which begins here or began at another instance. */
  static ReadingsTable open(String database, String session) throws SQLException {
    Connection connection = DriverManager.getConnection(database);
    connection.setAutoCommit(false);
    ReadingsTable table = new ReadingsTable(connection, session);
    table.beginProgress();
    return table;
  }

  /**
   * Writes a reading, unless its message was here before.
   *
   * @return the sum of all readings of the device
   */
  double add(long message, Reading reading) throws SQLException {
    try {
      if (advance(message)) {
        insert(reading);
      }
      double sum = sum(reading.getDevice());
      connection.commit();
      return sum;
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  /**
   * Moves the number on, in the transaction of the effect. An instance that was stopped and wakes
   * up meets the lock, or the number, of the one that took over.
   */
  private boolean advance(long message) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE progress SET message = ? WHERE session = ? AND message < ?")) {
      update.setLong(1, message);
      update.setString(2, session);
      update.setLong(3, message);
      return update.executeUpdate() == 1;
    }
  }

  private void insert(Reading reading) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO readings (device, number, amount) VALUES (?, ?, ?)")) {
      insert.setString(1, reading.getDevice());
      insert.setLong(2, reading.getNumber());
      insert.setDouble(3, reading.getValue());
      insert.executeUpdate();
    }
  }

  private double sum(String device) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT SUM(amount) FROM readings WHERE device = ?")) {
      query.setString(1, device);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getDouble(1);
      }
    }
  }

  private void beginProgress() throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO progress (session, message)"
                + " SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM progress WHERE session = ?)")) {
      insert.setString(1, session);
      insert.setString(2, session);
      insert.executeUpdate();
      connection.commit();
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // What was not committed is not there, which is all that matters.
      System.out.println("database: " + e.getMessage());
    }
  }
}
