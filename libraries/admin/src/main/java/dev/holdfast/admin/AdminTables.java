package dev.holdfast.admin;

import dev.holdfast.admin.RowColumn.Numbers;
import dev.holdfast.admin.RowColumn.Texts;
import dev.holdfast.admin.RowColumn.Texts.TextOrder;
import dev.holdfast.hooks.StreamStatus;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;

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

  private static final int ID_DIGITS = 32;
  private static final Pattern ID = Pattern.compile("[0-9a-f]{" + ID_DIGITS + "}");

  private static final Comparator<StreamRow> BY_ID =
      Comparator.comparing(StreamRow::status, StreamStatus.BY_ID);

  private static final Texts<ConnectionRow> OF_CONNECTION =
      new Texts<>("identity", row -> Long.toString(row.id()));

  /** Both sides of a session may live in one process. */
  private static final Texts<StreamRow> OF_STREAM =
      new Texts<>(
          "identity",
          row -> row.status().id() + row.role(),
          new TextOrder<>(BY_ID.thenComparing(StreamRow::role), AdminTables::againstIdentity));

  private static final List<RowColumn<ConnectionRow>> OF_CONNECTIONS =
      List.of(
          new Numbers<>("id", ConnectionRow::id),
          new Texts<>("role", ConnectionRow::role),
          new Texts<>("service", ConnectionRow::service),
          new Texts<>("peer", ConnectionRow::peer),
          new Texts<>("local", ConnectionRow::local),
          new Texts<>("protocol", ConnectionRow::protocol),
          OPENED,
          new Numbers<>("age_ms", ConnectionRow::ageMillis),
          new Texts<>("agent", ConnectionRow::agent),
          new Texts<>("suspect", row -> Boolean.toString(row.suspect())),
          CLOSED,
          new Texts<>("code", ConnectionRow::code));

  private static final List<RowColumn<StreamRow>> OF_STREAMS =
      List.of(
          new Texts<>(
              "id", row -> row.status().id(), new TextOrder<>(BY_ID, AdminTables::againstId)),
          new Texts<>("role", StreamRow::role),
          new Texts<>("peer", StreamRow::peer),
          new Texts<>("principal", StreamRow::principal),
          new Texts<>("method", StreamRow::method),
          new Texts<>("state", row -> row.status().state()),
          new Numbers<>("resumes", StreamRow::resumes),
          new Texts<>("last_cause", StreamRow::lastCause),
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
      new RowTable<>(OF_CONNECTIONS, OF_CONNECTION, OPENED);
  static final RowTable<ConnectionRow> CLOSED_CONNECTIONS =
      new RowTable<>(OF_CONNECTIONS, OF_CONNECTION, CLOSED);
  static final RowTable<StreamRow> STREAMS = new RowTable<>(OF_STREAMS, OF_STREAM, AGE);
  static final RowTable<StreamRow> ENDED_STREAMS = new RowTable<>(OF_STREAMS, OF_STREAM, ENDED);

  private AdminTables() {}

  /** The order of streams towards an id; a page of 100,000 streams makes no text of theirs. */
  private static ToIntFunction<StreamRow> againstId(String id) {
    if (!ID.matcher(id).matches()) {
      return row -> row.status().id().compareTo(id);
    }
    long high = Long.parseUnsignedLong(id, 0, ID_DIGITS / 2, 16);
    long low = Long.parseUnsignedLong(id, ID_DIGITS / 2, ID_DIGITS, 16);
    return row -> {
      int byHigh = Long.compareUnsigned(row.status().idHigh(), high);
      return byHigh != 0 ? byHigh : Long.compareUnsigned(row.status().idLow(), low);
    };
  }

  private static ToIntFunction<StreamRow> againstIdentity(String identity) {
    int digits = Math.min(ID_DIGITS, identity.length());
    ToIntFunction<StreamRow> id = againstId(identity.substring(0, digits));
    String role = identity.substring(digits);
    return row -> {
      int byId = id.applyAsInt(row);
      return byId != 0 ? byId : row.role().compareTo(role);
    };
  }
}
