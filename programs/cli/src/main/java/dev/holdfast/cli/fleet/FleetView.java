package dev.holdfast.cli.fleet;

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

/** A view of a fleet: a table with its columns and its order. */
public enum FleetView {
  /** The endpoints of the services, and what the process behind each says of itself. */
  SERVICES(
      's',
      "service",
      List.of(
          new ViewColumn("SERVICE", "service"),
          new ViewColumn("ENDPOINT", "endpoint"),
          new ViewColumn("STATE", "state"),
          new ViewColumn("REGISTRY", "registry"),
          new ViewColumn("ZONE", "zone"),
          new ViewColumn("WEIGHT", "weight"),
          new ViewColumn("ADMIN", "admin"),
          new ViewColumn("AGE", "age_ms"),
          new ViewColumn("CONNECTIONS", "connections"),
          new ViewColumn("CLOSED", "closed"),
          new ViewColumn("STREAMS", "streams"),
          new ViewColumn("ENDED", "ended"),
          new ViewColumn("JAVA", "java")),
      Optional.empty()),
  /** The open connections. */
  CONNECTIONS(
      'c',
      "opened_ms",
      List.of(
          new ViewColumn("PEER", "peer"),
          new ViewColumn("LOCAL", "local"),
          new ViewColumn("ROLE", "role"),
          new ViewColumn("PROTOCOL", "protocol"),
          new ViewColumn("AGENT", "agent"),
          new ViewColumn("AGE", "age_ms"),
          new ViewColumn("SUSPECT", "suspect"),
          new ViewColumn("SERVICE", "service")),
      Optional.of(AdminGrpc.getListConnectionsMethod())),
  /** The connections that have ended. */
  CLOSED(
      'x',
      "closed_ms",
      List.of(
          new ViewColumn("CLOSED", "closed_ms"),
          new ViewColumn("PEER", "peer"),
          new ViewColumn("LOCAL", "local"),
          new ViewColumn("ROLE", "role"),
          new ViewColumn("PROTOCOL", "protocol"),
          new ViewColumn("AGENT", "agent"),
          new ViewColumn("AGE", "age_ms"),
          new ViewColumn("CODE", "code"),
          new ViewColumn("REASON", "reason")),
      Optional.of(AdminGrpc.getListClosedConnectionsMethod())),
  /** The open resumable streams. */
  STREAMS(
      't',
      "unacked_ms",
      List.of(
          new ViewColumn("ID", "id"),
          new ViewColumn("PEER", "peer"),
          new ViewColumn("METHOD", "method"),
          new ViewColumn("STATE", "state"),
          new ViewColumn("RESUMES", "resumes"),
          new ViewColumn("SENT", "sent"),
          new ViewColumn("ACKED", "acked"),
          new ViewColumn("PROCESSED", "processed"),
          new ViewColumn("MSG/S", MessageRates.FIELD),
          new ViewColumn("UNACKED", "unacked_ms"),
          new ViewColumn("QUEUED", "queued_bytes"),
          new ViewColumn("AGE", "age_ms"),
          new ViewColumn("SINCE", "unchanged_ms"),
          new ViewColumn("LAST CAUSE", "last_cause")),
      Optional.of(AdminGrpc.getListStreamsMethod())),
  /** The resumable streams that have ended. */
  ENDED(
      'e',
      "ended_ms",
      List.of(
          new ViewColumn("ENDED", "ended_ms"),
          new ViewColumn("ID", "id"),
          new ViewColumn("PEER", "peer"),
          new ViewColumn("METHOD", "method"),
          new ViewColumn("END", "end"),
          new ViewColumn("RESUMES", "resumes"),
          new ViewColumn("SENT", "sent"),
          new ViewColumn("ACKED", "acked"),
          new ViewColumn("PROCESSED", "processed"),
          new ViewColumn("AGE", "age_ms"),
          new ViewColumn("LAST CAUSE", "last_cause")),
      Optional.of(AdminGrpc.getListEndedStreamsMethod()));

  private static final int TYPING_ERRORS = 3;

  /** Fields that say in words what the code says, or what it was found by. */
  private static final Set<String> EXPLAINING = Set.of("reason", "explanation", "evidence");

  private final char key;
  private final String naturalSort;
  private final List<ViewColumn> columns;
  private final Optional<MethodDescriptor<RowsRequest, ? extends Message>> method;

  FleetView(
      char key,
      String naturalSort,
      List<ViewColumn> columns,
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
  public record ViewColumn(String head, String field) {}

  /** The key on which the view is shown. */
  public char key() {
    return key;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  public String naturalSort() {
    return naturalSort;
  }

  public List<ViewColumn> columns() {
    return columns;
  }

  /** The method that lists the rows; empty for the view of what the registry says. */
  Optional<MethodDescriptor<RowsRequest, ? extends Message>> method() {
    return method;
  }

  /** The keys by which the view can be sorted. */
  public List<String> sortKeys() {
    return switch (this) {
      case SERVICES -> columns.stream().map(ViewColumn::field).toList();
      case CONNECTIONS, CLOSED -> fields(Connection.getDescriptor());
      case STREAMS, ENDED -> fields(ResumableStream.getDescriptor());
    };
  }

  /** Whether the order without a wish begins with the smallest. */
  public boolean isNaturallyAscending() {
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
  public String requireSortKey(String sort) {
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
  public static FleetView named(String name) {
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
                            .map(FleetView::label)
                            .collect(Collectors.joining(", "))
                        + ")"));
  }
}
