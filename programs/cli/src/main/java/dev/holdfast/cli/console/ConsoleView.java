package dev.holdfast.cli.console;

import dev.holdfast.cli.fleet.FleetView;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A view of the console. */
enum ConsoleView {
  /** The endpoints of the registry, and whether the process behind each answers. */
  SERVICES(FleetView.SERVICES),
  /** The open connections. */
  CONNECTIONS(FleetView.CONNECTIONS),
  /** The connections that have ended. */
  CLOSED(FleetView.CLOSED),
  /** The open resumable streams. */
  STREAMS(FleetView.STREAMS),
  /** The resumable streams that have ended. */
  ENDED(FleetView.ENDED),
  /** The gateways of the command line and the registry, as their admin pages show them. */
  GATEWAYS(null),
  /** The clients of the control planes of the command line and the registry. */
  XDS(null),
  /** The changes of the last hour. */
  TIMELINE(null);

  private final Optional<FleetView> fleet;

  ConsoleView(@org.jspecify.annotations.Nullable FleetView fleet) {
    this.fleet = Optional.ofNullable(fleet);
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The view of the fleet whose rows it shows; empty for the others. */
  Optional<FleetView> fleet() {
    return fleet;
  }

  /**
   * The view of this name.
   *
   * @throws IllegalArgumentException naming the views there are
   */
  static ConsoleView named(String name) {
    return Arrays.stream(values())
        .filter(view -> view.label().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "view: \""
                        + name
                        + "\" (expected: one of "
                        + Arrays.stream(values())
                            .map(ConsoleView::label)
                            .collect(Collectors.joining(", "))
                        + ")"));
  }
}
