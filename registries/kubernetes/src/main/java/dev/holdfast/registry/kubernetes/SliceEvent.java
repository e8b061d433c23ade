package dev.holdfast.registry.kubernetes;

/** An event of a watch. */
sealed interface SliceEvent {

  /** The resourceVersion that is reached with this event; "" for a failure. */
  String version();

  /**
   * A slice was added or changed.
   *
   * @param malformed endpoints that were left out because they could not be read
   */
  record PutEvent(Slice slice, int malformed) implements SliceEvent {
    @Override
    public String version() {
      return slice.version();
    }
  }

  /** The deletion of a slice, with the version of the deletion. */
  record DeletedEvent(String name, String version) implements SliceEvent {}

  /** Nothing happened up to this version. */
  record BookmarkEvent(String version) implements SliceEvent {}

  /** The server ends the watch and says why. */
  record ErrorEvent(ApiFailure failure) implements SliceEvent {
    @Override
    public String version() {
      return "";
    }
  }
}
