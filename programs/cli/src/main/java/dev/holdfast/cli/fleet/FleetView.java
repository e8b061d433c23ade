package dev.holdfast.cli.top;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.Connection;
import dev.holdfast.admin.rpc.ResumableStream;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.NearestName;
import io.grpc.MethodDescriptor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A view of {@code top}: a table with its columns and its order. */
enum TopView {
  /** The endpoints of the services, and what the process behind each says of itself. */
  SERVICES(
      's',
      "service",
      List.of(
          new TopColumn("SERVICE", "service"),
          new TopColumn("ENDPOINT", "endpoint"),
          new TopColumn("STATE", "state"),
          new TopColumn("ZONE", "zone"),
          new TopColumn("WEIGHT", "weight"),
          new TopColumn("ADMIN", "admin"),
          new TopColumn("CONNECTIONS", "connections"),
          new TopColumn("CLOSED", "closed"),
          new TopColumn("STREAMS", "streams"),
          new TopColumn("ENDED", "ended"),
          new TopColumn("JAVA", "java")),
      Optional.empty()),
  /** The open connections. */
  CONNECTIONS(
      'c',
      "opened_ms",
      List.of(
          new TopColumn("PEER", "peer"),
          new TopColumn("LOCAL", "local"),
          new TopColumn("ROLE", "role"),
          new TopColumn("AGENT", "agent"),
          new TopColumn("AGE", "age_ms"),
          new TopColumn("SUSPECT", "suspect"),
          new TopColumn("SERVICE", "service")),
      Optional.of(AdminGrpc.getListConnectionsMethod())),
  /** The connections that have ended. */
  CLOSED(
      'x',
      "closed_ms",
      List.of(
          new TopColumn("CLOSED", "closed_ms"),
          new TopColumn("PEER", "peer"),
          new TopColumn("LOCAL", "local"),
          new TopColumn("ROLE", "role"),
          new TopColumn("AGENT", "agent"),
          new TopColumn("AGE", "age_ms"),
          new TopColumn("CODE", "code"),
          new TopColumn("REASON", "reason")),
      Optional.of(AdminGrpc.getListClosedConnectionsMethod())),
  /** The open resumable streams. */
  STREAMS(
      't',
      "unacked_ms",
      List.of(
          new TopColumn("ID", "id"),
          new TopColumn("PEER", "peer"),
          new TopColumn("METHOD", "method"),
          new TopColumn("STATE", "state"),
          new TopColumn("RESUMES", "resumes"),
          new TopColumn("SENT", "sent"),
          new TopColumn("ACKED", "acked"),
          new TopColumn("PROCESSED", "processed"),
          new TopColumn("UNACKED", "unacked_ms"),
          new TopColumn("QUEUED", "queued_bytes"),
          new TopColumn("AGE", "age_ms"),
          new TopColumn("SINCE", "unchanged_ms"),
          new TopColumn("LAST CAUSE", "last_cause")),
      Optional.of(AdminGrpc.getListStreamsMethod())),
  /** The resumable streams that have ended. */
  ENDED(
      'e',
      "ended_ms",
      List.of(
          new TopColumn("ENDED", "ended_ms"),
          new TopColumn("ID", "id"),
          new TopColumn("PEER", "peer"),
          new TopColumn("METHOD", "method"),
          new TopColumn("END", "end"),
          new TopColumn("RESUMES", "resumes"),
          new TopColumn("SENT", "sent"),
          new TopColumn("ACKED", "acked"),
          new TopColumn("PROCESSED", "processed"),
          new TopColumn("AGE", "age_ms"),
          new TopColumn("LAST CAUSE", "last_cause")),
      Optional.of(AdminGrpc.getListEndedStreamsMethod()));

  private static final int TYPING_ERRORS = 3;

  /** Fields that say in words what the code says. */
  private static final Set<String> EXPLAINING = Set.of("reason", "explanation");

  private final char key;
  private final String naturalSort;
  private final List<TopColumn> columns;
  private final Optional<MethodDescriptor<RowsRequest, ? extends Message>> method;

  TopView(
      char key,
      String naturalSort,
      List<TopColumn> columns,
      Optional<MethodDescriptor<RowsRequest, ? extends Message>> method) {
    this.key = key;
    this.naturalSort = naturalSort;
    this.columns = columns;
    this.method = method;
  }

  /**
   * A column.
   *
   * @param head the text above it
   * @param field the name of the sort key, which is the field of the row
   */
  record TopColumn(String head, String field) {}

  /** The key on which the view is shown. */
  char key() {
    return key;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String naturalSort() {
    return naturalSort;
  }

  List<TopColumn> columns() {
    return columns;
  }

  /** The method that lists the rows; empty for the view of what the registry says. */
  Optional<MethodDescriptor<RowsRequest, ? extends Message>> method() {
    return method;
  }

  /** The keys by which the view can be sorted. */
  List<String> sortKeys() {
    return switch (this) {
      case SERVICES -> columns.stream().map(TopColumn::field).toList();
      case CONNECTIONS, CLOSED -> fields(Connection.getDescriptor());
      case STREAMS, ENDED -> fields(ResumableStream.getDescriptor());
    };
  }

  /** Whether the order without a wish begins with the smallest. */
  boolean isNaturallyAscending() {
    return this == SERVICES;
  }

  private static List<String> fields(Descriptor rows) {
    return rows.getFields().stream()
        .map(FieldDescriptor::getName)
        .filter(name -> !EXPLAINING.contains(name))
        .toList();
  }

  /**
   * The sort key that was asked for, which must exist.
   *
   * @throws UserError naming the nearest one
   */
  String requireSortKey(String sort) {
    List<String> keys = sortKeys();
    if (sort.isEmpty()) {
      return naturalSort;
    }
    if (keys.contains(sort)) {
      return sort;
    }
    String nearest = NearestName.of(sort, keys, TYPING_ERRORS);
    throw UserError.usage(
        "sort: "
            + sort
            + " (expected: "
            + (nearest.isEmpty() ? "one of " + String.join(", ", keys) : nearest + "?")
            + ")");
  }

  /**
   * The view of this name.
   *
   * @throws UserError naming the views there are
   */
  static TopView named(String name) {
    return Arrays.stream(values())
        .filter(view -> view.label().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                UserError.usage(
                    "view: "
                        + name
                        + " (expected: one of "
                        + Arrays.stream(values())
                            .map(TopView::label)
                            .collect(Collectors.joining(", "))
                        + ")"));
  }
}
