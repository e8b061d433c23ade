package dev.holdfast.control.xds;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How the two variants differ, for the simulation: what a client says, and who hears it. */
interface Peer {

  /** What a client wants of one type. */
  record Wish(boolean all, Set<String> names) {
    static final Wish NOTHING = new Wish(false, Set.of());
  }

  /**
   * What a client says about one type.
   *
   * @param before what it wanted until now, on this stream
   * @param versions what it has, which matters in its first request of a type
   * @param first whether this is the first request of the type on the stream
   */
  record Saying(
      ResourceType type,
      Wish before,
      Wish now,
      Map<String, String> versions,
      boolean first,
      String nonce,
      Optional<String> error) {}

  /** The stream at the server. */
  XdsStream stream();

  /** The server hears it. */
  void hear(Saying saying) throws XdsViolation;

  /** Whether absence from a response of a type is deletion. */
  boolean isAbsenceDeletion(ResourceType type);

  /** Streams of the state-of-the-world variant. */
  final class Sotw implements Peer {
    private final SotwStream stream;

    Sotw(SotwStream stream) {
      this.stream = stream;
    }

    @Override
    public XdsStream stream() {
      return stream;
    }

    @Override
    public void hear(Saying saying) throws XdsViolation {
      var unused =
          stream.onRequest(
              new SotwRequest(
                  saying.type(),
                  List.copyOf(saying.now().names()),
                  saying.nonce(),
                  saying.error()));
    }

    @Override
    public boolean isAbsenceDeletion(ResourceType type) {
      return type.isWhole();
    }
  }

  /** Streams of the incremental variant. */
  final class Delta implements Peer {
    private final DeltaStream stream;

    Delta(DeltaStream stream) {
      this.stream = stream;
    }

    @Override
    public XdsStream stream() {
      return stream;
    }

    @Override
    public void hear(Saying saying) throws XdsViolation {
      List<String> added =
          saying.now().names().stream()
              .filter(name -> !saying.before().names().contains(name))
              .toList();
      List<String> dropped =
          saying.before().names().stream()
              .filter(name -> !saying.now().names().contains(name))
              .toList();
      var unused =
          stream.onRequest(
              new DeltaRequest(
                  saying.type(),
                  added,
                  dropped,
                  saying.first() ? saying.versions() : Map.of(),
                  saying.nonce(),
                  saying.error()));
    }

    @Override
    public boolean isAbsenceDeletion(ResourceType type) {
      return false;
    }
  }
}
