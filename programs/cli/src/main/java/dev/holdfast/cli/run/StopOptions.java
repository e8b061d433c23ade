package dev.holdfast.cli.run;

import java.time.Duration;

/**
 * The time limits of an instance's start and stop.
 *
 * @param ready from the start until the port answers; zero for no limit
 * @param deregister for the registry to delete the record
 * @param spread for clients to hear of it before the program is told to stop
 * @param stop from the signal to the end of the program, which is then killed
 */
public record StopOptions(Duration ready, Duration deregister, Duration spread, Duration stop) {}
