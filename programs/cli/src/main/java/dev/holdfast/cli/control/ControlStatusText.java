package dev.holdfast.cli.control;

import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.control.admin.v1.Client;
import dev.holdfast.control.admin.v1.Load;
import dev.holdfast.control.admin.v1.StatusResponse;
import dev.holdfast.control.admin.v1.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The text and JSON formats of a control plane's status. */
public final class ControlStatusText {
  private static final Map<String, String> MEANINGS =
      Map.of(
          "CDS", "clusters (CDS)",
          "EDS", "endpoints (EDS)",
          "LDS", "listeners (LDS)",
          "RDS", "routes (RDS)");

  private ControlStatusText() {}

  /**
   * The status as text lines: the services served, a line for each client, the problems, and the
   * load.
   */
  static List<String> lines(StatusResponse status) {
    List<String> lines = new ArrayList<>();
    lines.add(head(status));
    if (status.getPendingCount() > 0) {
      lines.add(
          "nothing is known yet of "
              + printable(String.join(", ", status.getPendingList()))
              + ": who asks for it waits");
    }
    if (status.getRefusedCount() > 0) {
      lines.add(
          "the registry makes no sense of "
              + printable(String.join(", ", status.getRefusedList()))
              + ": who asks for nothing else waits, others are answered without it; the log has"
              + " the reason");
    }
    if (status.getClientsCount() > 0) {
      clients(status).toString().lines().forEach(lines::add);
      if (status.getTotalClients() > status.getClientsCount()) {
        lines.add("more than these " + status.getClientsCount() + ": raise --limit");
      }
    }
    for (Client client : status.getClientsList()) {
      client.getTypesList().forEach(type -> lines.addAll(troubles(client, type)));
    }
    if (status.getLoadsCount() > 0) {
      loads(status).toString().lines().forEach(lines::add);
    }
    return lines;
  }

  private static String head(StatusResponse status) {
    String clients = "clients=" + status.getTotalClients();
    if (!status.getServing()) {
      return "answers nobody yet: the registry "
          + printable(status.getRegistry())
          + " has not said which services there are; up="
          + age(status.getUpMs())
          + " "
          + clients;
    }
    return "serving services="
        + status.getServices()
        + " from "
        + printable(status.getRegistry())
        + " up="
        + age(status.getUpMs())
        + " "
        + clients;
  }

  private static AlignedTable clients(StatusResponse status) {
    AlignedTable alignedTable =
        new AlignedTable(
            "CLIENT", "NODE", "LIBRARY", "ZONE", "PEER", "ASKS BY", "SINCE", "LDS", "RDS", "CDS",
            "EDS");
    for (Client client : status.getClientsList()) {
      alignedTable.add(
          Long.toString(client.getNumber()),
          orDash(client.getNode()),
          orDash((client.getAgent() + " " + client.getVersion()).strip()),
          orDash(client.getZone()),
          orDash(client.getPeer()),
          orDash(client.getVariant()),
          age(client.getAgeMs()),
          cell(client, "LDS"),
          cell(client, "RDS"),
          cell(client, "CDS"),
          cell(client, "EDS"));
    }
    return alignedTable;
  }

  /** {@code 3} when all of 3 are accepted, {@code 2/3} when not, {@code 2/3 REJECTED}. */
  private static String cell(Client client, String type) {
    for (Subscription one : client.getTypesList()) {
      if (one.getType().equals(type)) {
        int all = total(one);
        String count =
            all == one.getAccepted() ? Integer.toString(all) : one.getAccepted() + "/" + all;
        return one.getRejection().isEmpty() && one.getRejected() == 0 ? count : count + " REJECTED";
      }
    }
    return "-";
  }

  private static int total(Subscription one) {
    return one.getAccepted()
        + one.getSent()
        + one.getRejected()
        + one.getRequested()
        + one.getAbsent();
  }

  private static List<String> troubles(Client client, Subscription type) {
    List<String> lines = new ArrayList<>();
    String who = "client " + client.getNumber() + " (" + orDash(client.getNode()) + ")";
    String what = MEANINGS.getOrDefault(type.getType(), type.getType());
    if (!type.getRejection().isEmpty() || type.getRejected() > 0) {
      lines.add(
          who
              + " rejects "
              + what
              + (type.getRejectedMs() < 0 ? "" : " since " + age(type.getRejectedMs()))
              + ", uses what it had before, and is sent nothing of it until it changes"
              + names(type.getTroubledList())
              + (type.getRejection().isEmpty()
                  ? ""
                  : "; it says: " + printable(type.getRejection())));
    } else if (type.getRequested() > 0) {
      lines.add(who + " waits for " + what + names(type.getTroubledList()));
    }
    if (type.getMissingCount() > 0) {
      lines.add(who + " asks for " + what + " that do not exist" + names(type.getMissingList()));
    }
    if (type.getSent() > 0 && type.getSentMs() > Duration.ofSeconds(10).toMillis()) {
      lines.add(
          who + " has not answered " + what + " for " + age(type.getSentMs()) + ": it may hang");
    }
    return lines;
  }

  private static String names(List<String> names) {
    return names.isEmpty() ? "" : ": " + printable(String.join(", ", names));
  }

  private static AlignedTable loads(StatusResponse status) {
    AlignedTable alignedTable =
        new AlignedTable(
            "CLUSTER", "CLIENTS", "CALLS/S", "CALLS", "OK", "FAILED", "DROPPED", "UNDER WAY");
    for (Load load : status.getLoadsList()) {
      alignedTable.add(
          orDash(load.getCluster()),
          Integer.toString(load.getClients()),
          String.format(Locale.ROOT, "%.1f", load.getIssuedPerS()),
          Long.toString(load.getIssued()),
          Long.toString(load.getSucceeded()),
          Long.toString(load.getFailed()),
          Long.toString(load.getDropped()),
          Long.toString(load.getInProgress()));
    }
    return alignedTable;
  }

  public static JsonLine json(StatusResponse status) {
    return JsonLine.object()
        .with("serving", status.getServing())
        .with("registry", status.getRegistry())
        .with("up_ms", status.getUpMs())
        .with("services", status.getServices())
        .with("pending", status.getPendingList())
        .with("refused", status.getRefusedList())
        .with("total_clients", status.getTotalClients())
        .with("clients", status.getClientsList().stream().map(ControlStatusText::json).toList())
        .with("loads", status.getLoadsList().stream().map(ControlStatusText::json).toList());
  }

  private static JsonLine json(Client client) {
    return JsonLine.object()
        .with("number", client.getNumber())
        .with("node", client.getNode())
        .with("cluster", client.getCluster())
        .with("agent", client.getAgent())
        .with("version", client.getVersion())
        .with("zone", client.getZone())
        .with("peer", client.getPeer())
        .with("variant", client.getVariant())
        .with("age_ms", client.getAgeMs())
        .with("types", client.getTypesList().stream().map(ControlStatusText::json).toList());
  }

  private static JsonLine json(Subscription type) {
    return JsonLine.object()
        .with("type", type.getType())
        .with("all", type.getAll())
        .with("accepted", type.getAccepted())
        .with("sent", type.getSent())
        .with("rejected", type.getRejected())
        .with("requested", type.getRequested())
        .with("absent", type.getAbsent())
        .with("sent_ms", type.getSentMs())
        .with("accepted_ms", type.getAcceptedMs())
        .with("rejected_ms", type.getRejectedMs())
        .with("rejections", type.getRejections())
        .with("rejection", type.getRejection())
        .with("troubled", type.getTroubledList())
        .with("missing", type.getMissingList());
  }

  private static JsonLine json(Load load) {
    return JsonLine.object()
        .with("cluster", load.getCluster())
        .with("clients", load.getClients())
        .with("issued", load.getIssued())
        .with("issued_per_s", load.getIssuedPerS())
        .with("succeeded", load.getSucceeded())
        .with("failed", load.getFailed())
        .with("dropped", load.getDropped())
        .with("in_progress", load.getInProgress());
  }

  /**
   * Replaces control characters in text that a client supplied, so that no escape sequence reaches
   * the terminal.
   */
  private static String printable(String text) {
    return EndpointText.printable(text);
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : printable(text);
  }

  /** {@code 12s}, {@code 3m04s}, {@code 5h17m}. */
  private static String age(long millis) {
    Duration age = Duration.ofMillis(millis);
    if (age.toMinutes() < 1) {
      return age.toSeconds() + "s";
    }
    return age.toHours() < 1
        ? String.format(Locale.ROOT, "%dm%02ds", age.toMinutes(), age.toSecondsPart())
        : String.format(Locale.ROOT, "%dh%02dm", age.toHours(), age.toMinutesPart());
  }
}
