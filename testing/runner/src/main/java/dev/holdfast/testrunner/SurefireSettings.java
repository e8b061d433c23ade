package dev.holdfast.testrunner;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Settings with which a room's tests run, under Maven and here: the JVM's arguments, system
 * properties, JUnit's configuration parameters and the limit for all tests of the room.
 */
record SurefireSettings(
    List<String> jvmArgs,
    Map<String, String> systemProperties,
    Map<String, String> parameters,
    Duration limit) {}
