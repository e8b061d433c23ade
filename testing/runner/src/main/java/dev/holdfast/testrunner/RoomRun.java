package dev.holdfast.testrunner;

/** The tests of one room on one JDK. */
record RoomRun(TestedRoom room, TestedJdk jdk) {
  @Override
  public String toString() {
    return room.name() + " on " + jdk.version();
  }

  /** The name as a part of file names. */
  String fileName() {
    return room.name() + "-on-" + jdk.version();
  }
}
