package dev.holdfast.cli.top;

import java.time.Instant;
import java.util.List;

/**
 * The state of a fleet at one moment, as one query sees it.
 *
 * @param fleet what the registry says
 * @param instances the processes with an admin service, by their address
 * @param rows those of the view, in its order, at most as many as asked for
 * @param total rows of all processes, before the filters
 * @param matched rows of all processes, after the filters
 */
record TopSnapshot(
    Instant time,
    TopQuery query,
    TopFleet.FleetState fleet,
    List<TopInstance.InstanceStatus> instances,
    List<TopRow> rows,
    long total,
    long matched) {

  /** The instances that do not answer. */
  List<TopInstance.InstanceStatus> silent() {
    return instances.stream().filter(instance -> instance.silentFor().isPresent()).toList();
  }
}
