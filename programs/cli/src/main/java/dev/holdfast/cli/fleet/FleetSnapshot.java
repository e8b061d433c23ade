package dev.holdfast.cli.fleet;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The state of a fleet at one moment, as one query sees it.
 *
 * @param services what the registry says
 * @param instances the processes with an admin service, by their address
 * @param rows those of the view, in its order, at most as many as asked for
 * @param total rows of all processes, before the filters
 * @param matched rows of all processes, after the filters
 * @param parts what each process gave, by its key
 * @param more whether rows follow behind these
 */
public record FleetSnapshot(
    Instant time,
    FleetQuery query,
    FleetServices.ServicesState services,
    List<FleetInstance.InstanceStatus> instances,
    List<FleetRow> rows,
    long total,
    long matched,
    Map<String, InstancePart> parts,
    boolean more) {

  /**
   * The share of one process in a page.
   *
   * @param given rows it gave
   * @param shown how many of them are on the page, from the first on
   * @param next the token of what follows behind those it gave; "" at the end
   */
  record InstancePart(int given, int shown, String next) {}

  /** The instances that do not answer. */
  public List<FleetInstance.InstanceStatus> silent() {
    return instances.stream().filter(instance -> instance.silentFor().isPresent()).toList();
  }

  /** The instances that answer, but refused what others answered. */
  public List<FleetInstance.InstanceStatus> refusing() {
    return instances.stream()
        .filter(instance -> instance.silentFor().isEmpty() && !instance.cause().isEmpty())
        .toList();
  }
}
