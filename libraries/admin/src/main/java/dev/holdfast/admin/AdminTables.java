package dev.holdfast.admin;

import dev.holdfast.admin.RowColumn.Numbers;
import dev.holdfast.admin.RowColumn.Texts;
import java.util.List;

/** The tables of the admin service, with columns named as the fields of its messages. */
final class AdminTables {
  private static final RowColumn<ConnectionRow> OPENED =
      new Numbers<>("opened_ms", ConnectionRow::openedMillis);
  private static final RowColumn<ConnectionRow> CLOSED =
      new Numbers<>("closed_ms", ConnectionRow::closedMillis);
  private static final RowColumn<StreamRow> AGE =
      new Numbers<>("age_ms", row -> row.status().times().ageMillis());
  private static final RowColumn<StreamRow> ENDED =
      new Numbers<>("ended_ms", StreamRow::endedMillis);

  private static final List<RowColumn<ConnectionRow>> OF_CONNECTIONS =
      List.of(
          new Numbers<>("id", ConnectionRow::id),
          new Texts<>("role", ConnectionRow::role),
          new Texts<>("service", ConnectionRow::service),
          new Texts<>("peer", ConnectionRow::peer),
          new Texts<>("local", ConnectionRow::local),
          OPENED,
          new Numbers<>("age_ms", ConnectionRow::ageMillis),
          new Texts<>("agent", ConnectionRow::agent),
          new Texts<>("suspect", row -> Boolean.toString(row.suspect())),
          CLOSED,
          new Texts<>("code", ConnectionRow::code));

  private static final List<RowColumn<StreamRow>> OF_STREAMS =
      List.of(
          new Texts<>("id", row -> row.status().id()),
          new Texts<>("role", StreamRow::role),
          new Texts<>("peer", row -> row.status().peer()),
          new Texts<>("principal", row -> row.status().principal()),
          new Texts<>("method", row -> row.status().method()),
          new Texts<>("state", row -> row.status().state()),
          new Numbers<>("resumes", StreamRow::resumes),
          new Texts<>("last_cause", row -> row.status().lastCause()),
          new Numbers<>("queued_bytes", row -> row.status().queuedBytes()),
          new Numbers<>("sent", row -> row.status().positions().sent()),
          new Numbers<>("acked", row -> row.status().positions().acked()),
          new Numbers<>("processed", row -> row.status().positions().processed()),
          new Numbers<>("duplicates", row -> row.status().positions().duplicates()),
          new Numbers<>("unacked", StreamRow::unacked),
          new Numbers<>("unacked_ms", row -> row.status().times().unackedMillis()),
          AGE,
          new Numbers<>("unchanged_ms", row -> row.status().times().unchangedMillis()),
          ENDED,
          new Texts<>("end", StreamRow::end),
          new Texts<>("lost", row -> Boolean.toString(row.lost())));

  static final RowTable<ConnectionRow> CONNECTIONS =
      new RowTable<>(OF_CONNECTIONS, row -> Long.toString(row.id()), OPENED);
  static final RowTable<ConnectionRow> CLOSED_CONNECTIONS =
      new RowTable<>(OF_CONNECTIONS, row -> Long.toString(row.id()), CLOSED);
  static final RowTable<StreamRow> STREAMS = new RowTable<>(OF_STREAMS, AdminTables::id, AGE);
  static final RowTable<StreamRow> ENDED_STREAMS =
      new RowTable<>(OF_STREAMS, AdminTables::id, ENDED);

  private AdminTables() {}

  /** Both sides of a session may live in one process. */
  private static String id(StreamRow row) {
    return row.status().id() + row.role();
  }
}
