package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.registry.kubernetes.Slice.EndpointPort;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a Service's port: by its name, by its number on the pods, or the only one.
 *
 * <p>Without a name, the only port is chosen. Of several ports the one named {@code grpc} is chosen
 * (or {@code grpc-something}, as service meshes require), or the one whose appProtocol is gRPC or
 * plaintext HTTP/2.
 *
 * @param text the name or the number; "" for neither
 */
@PureCore
record PortSelector(String text) {
  private static final String GRPC = "grpc";
  private static final Set<String> GRPC_PROTOCOLS = Set.of("grpc", "kubernetes.io/h2c", "h2c");
  private static final int LARGEST_PORT = 65_535;
  private static final int PORT_DIGITS = 5;

  /**
   * The port in each slice.
   *
   * @param wanted which of a slice's ports
   * @param anyPort the number where a slice leaves the ports open; 0 for none
   * @param problem why none can be told; null when all is well
   */
  record SelectedPort(Predicate<EndpointPort> wanted, int anyPort, @Nullable String problem) {

    /** The number in a slice, or 0 when the slice does not have the port. */
    int in(Slice slice) {
      if (slice.ports().isEmpty()) {
        return anyPort;
      }
      for (EndpointPort endpointPort : slice.ports()) {
        if (wanted.test(endpointPort)) {
          return endpointPort.number() == 0 ? anyPort : endpointPort.number();
        }
      }
      return 0;
    }
  }

  /** Selects the port among these slices, or reports why it is ambiguous or missing. */
  SelectedPort among(Collection<Slice> slices) {
    int number = number();
    SelectedPort selectedPort =
        text.isEmpty()
            ? unnamed(slices)
            : number > 0
                ? new SelectedPort(p -> p.number() == number || p.number() == 0, number, null)
                : new SelectedPort(p -> p.name().equals(text), 0, null);
    List<Slice> filled = slices.stream().filter(s -> !s.endpoints().isEmpty()).toList();
    boolean found = filled.isEmpty() || filled.stream().anyMatch(s -> selectedPort.in(s) > 0);
    if (found || selectedPort.problem() != null) {
      return selectedPort;
    }
    String said = text.isEmpty() ? "not said" : "\"" + text + "\"";
    return problem(said + " (expected: " + known(filled) + ")");
  }

  private SelectedPort unnamed(Collection<Slice> slices) {
    Set<String> names =
        slices.stream()
            .flatMap(s -> s.ports().stream())
            .map(EndpointPort::name)
            .collect(Collectors.toCollection(TreeSet::new));
    if (names.size() <= 1) {
      return new SelectedPort(p -> true, 0, null);
    }
    if (names.contains(GRPC)) {
      return new SelectedPort(p -> p.name().equals(GRPC), 0, null);
    }
    Set<String> speaking =
        slices.stream()
            .flatMap(s -> s.ports().stream())
            .filter(
                p -> p.name().startsWith(GRPC + "-") || GRPC_PROTOCOLS.contains(p.appProtocol()))
            .map(EndpointPort::name)
            .collect(Collectors.toCollection(TreeSet::new));
    if (speaking.size() == 1) {
      return new SelectedPort(p -> speaking.contains(p.name()), 0, null);
    }
    return problem("not said (expected: " + known(slices) + ")");
  }

  private static SelectedPort problem(String what) {
    return new SelectedPort(p -> false, 0, "port: " + what);
  }

  /** A number means the port on the pods; the Service's own is known to the Service alone. */
  private static String known(Collection<Slice> slices) {
    Set<String> ports = new TreeSet<>();
    for (Slice slice : slices) {
      for (EndpointPort endpointPort : slice.ports()) {
        String number =
            endpointPort.number() == 0 ? "any number" : Integer.toString(endpointPort.number());
        ports.add(endpointPort.name().isEmpty() ? number : endpointPort.name() + " or " + number);
      }
    }
    return ports.isEmpty()
        ? "a number, as the Service names no port"
        : String.join(", ", ports) + "; numbers are those of the pods";
  }

  private int number() {
    boolean digits =
        !text.isEmpty()
            && text.length() <= PORT_DIGITS
            && text.chars().allMatch(c -> c >= '0' && c <= '9');
    int value = digits ? Integer.parseInt(text) : 0;
    return value <= LARGEST_PORT ? value : 0;
  }
}
