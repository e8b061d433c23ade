package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.registry.kubernetes.Slice.Backend;
import dev.holdfast.registry.kubernetes.Slice.Family;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The mapping from all slices of a Service to one list of endpoints.
 *
 * <ul>
 *   <li>Slices overlap: an address that stands in several counts once, as the slice says that was
 *       written last.
 *   <li>Of two families one is used, the preferred one where the Service has endpoints in it: a pod
 *       with two addresses is still one pod.
 *   <li>A terminating endpoint drains; whether it is ready is then what {@code serving} says.
 *   <li>Hints count when every endpoint that may get calls has one, and then say the zone that an
 *       endpoint is meant for; it stands in its metadata where it really is.
 * </ul>
 */
@PureCore
final class SliceMapper {
  static final String NODE = "node";
  static final String ZONE = "zone";

  private final PortSelector port;
  private final Family preferred;

  /**
   * @param port which port is meant
   * @param preferred the family to use where there is a choice
   */
  SliceMapper(PortSelector port, Family preferred) {
    this.port = port;
    this.preferred = preferred;
  }

  /**
   * The result of a mapping: the endpoints, or the reason why there are none.
   *
   * @param problem why the port can't be determined; null when it can
   */
  record Mapping(EndpointSet endpoints, @Nullable String problem) {}

  private record Candidate(Backend backend, int port) {
    HostPort address() {
      return new HostPort(backend.address(), port);
    }

    boolean isEligible() {
      return backend.ready() && !backend.terminating();
    }
  }

  Mapping map(Collection<Slice> slices) {
    List<Slice> used = new ArrayList<>(ofOneFamily(slices));
    // The record that was written last overwrites the others.
    used.sort(Comparator.comparing(Slice::version, ResourceVersions.OLDER_FIRST));
    PortSelector.SelectedPort selectedPort = port.among(used);
    if (selectedPort.problem() != null) {
      return new Mapping(EndpointSet.EMPTY, selectedPort.problem());
    }
    Map<HostPort, Candidate> candidates = new LinkedHashMap<>();
    for (Slice slice : used) {
      int number = selectedPort.in(slice);
      if (number > 0) {
        for (Backend backend : slice.endpoints()) {
          Candidate candidate = new Candidate(backend, number);
          candidates.put(candidate.address(), candidate);
        }
      }
    }
    boolean hinted = isHinted(candidates.values());
    List<Endpoint> endpoints = new ArrayList<>(candidates.size());
    candidates.forEach((address, c) -> endpoints.add(endpoint(address, c.backend(), hinted)));
    return new Mapping(EndpointSet.of(endpoints), null);
  }

  private List<Slice> ofOneFamily(Collection<Slice> slices) {
    List<Slice> first = slices.stream().filter(s -> s.family() == preferred).toList();
    List<Slice> second = slices.stream().filter(s -> s.family() == other(preferred)).toList();
    boolean firstHolds = first.stream().anyMatch(s -> !s.endpoints().isEmpty());
    boolean secondHolds = second.stream().anyMatch(s -> !s.endpoints().isEmpty());
    return firstHolds || !secondHolds ? first : second;
  }

  private static Family other(Family family) {
    return family == Family.IPV4 ? Family.IPV6 : Family.IPV4;
  }

  private static boolean isHinted(Collection<Candidate> candidates) {
    boolean any = false;
    for (Candidate candidate : candidates) {
      if (candidate.isEligible()) {
        if (candidate.backend().hints().isEmpty()) {
          return false;
        }
        any = true;
      }
    }
    return any;
  }

  private static Endpoint endpoint(HostPort address, Backend backend, boolean hinted) {
    Map<String, String> metadata = new LinkedHashMap<>();
    if (!backend.node().isEmpty()) {
      metadata.put(NODE, backend.node());
    }
    String zone = hinted ? meantFor(backend) : backend.zone();
    if (!zone.equals(backend.zone())) {
      metadata.put(ZONE, backend.zone());
    }
    return new Endpoint(
        address,
        backend.pod(),
        zone,
        Endpoint.WEIGHT.wholeDefault(),
        backend.terminating() ? backend.serving() : backend.ready(),
        backend.terminating(),
        metadata);
  }

  private static String meantFor(Backend backend) {
    List<String> hints = backend.hints();
    return hints.isEmpty() || hints.contains(backend.zone()) ? backend.zone() : hints.get(0);
  }
}
