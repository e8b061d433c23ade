package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How the two variants differ, for the simulation: what a client says, and who hears it. */
interface XdsVariantClient {

  /** What a client wants of one type. */
  record WantedResources(boolean all, Set<String> names) {
    static final WantedResources NOTHING = new WantedResources(false, Set.of());
  }

  /**
   * What a client says about one type.
   *
   * @param before what it wanted until now, on this stream
   * @param versions what it has, which matters in its first request of a type
   * @param first whether this is the first request of the type on the stream
   */
  record ClientRequest(
      ResourceType type,
      WantedResources before,
      WantedResources now,
      Map<String, String> versions,
      boolean first,
      String nonce,
      Optional<String> error) {}

  /** The stream at the server. */
  XdsStream stream();

  /** The server hears it. */
  void hear(ClientRequest clientRequest) throws XdsViolation;

  /** Whether absence from a response of a type is deletion. */
  boolean isAbsenceDeletion(ResourceType type);

  /** Streams of the state-of-the-world variant. */
  final class Sotw implements XdsVariantClient {
    private final SotwStream stream;

    Sotw(SotwStream stream) {
      this.stream = stream;
    }

    @Override
    public XdsStream stream() {
      return stream;
    }

    @Override
    public void hear(ClientRequest clientRequest) throws XdsViolation {
      var unused =
          stream.onRequest(
              new SotwRequest(
                  clientRequest.type(),
                  List.copyOf(clientRequest.now().names()),
                  clientRequest.nonce(),
                  clientRequest.error()));
    }

    @Override
    public boolean isAbsenceDeletion(ResourceType type) {
      return type.isWhole();
    }
  }

  /** Streams of the incremental variant. */
  final class Delta implements XdsVariantClient {
    private final DeltaStream stream;

    Delta(DeltaStream stream) {
      this.stream = stream;
    }

    @Override
    public XdsStream stream() {
      return stream;
    }

    @Override
    public void hear(ClientRequest clientRequest) throws XdsViolation {
      List<String> added =
          clientRequest.now().names().stream()
              .filter(name -> !clientRequest.before().names().contains(name))
              .toList();
      List<String> dropped =
          clientRequest.before().names().stream()
              .filter(name -> !clientRequest.now().names().contains(name))
              .toList();
      var unused =
          stream.onRequest(
              new DeltaRequest(
                  clientRequest.type(),
                  added,
                  dropped,
                  clientRequest.first() ? clientRequest.versions() : Map.of(),
                  clientRequest.nonce(),
                  clientRequest.error()));
    }

    @Override
    public boolean isAbsenceDeletion(ResourceType type) {
      return false;
    }
  }
}
