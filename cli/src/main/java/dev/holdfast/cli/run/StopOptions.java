package dev.holdfast.cli.run;

import java.time.Duration;

/**
 * How long each step may take.
 *
 * @param ready from the start to the port that answers; zero for no limit
 * @param withdraw for the registry to delete the record
 * @param spread for clients to hear of it before the program is told to stop
 * @param stop from the signal to the end of the program, which is killed then
 */
public record StopOptions(Duration ready, Duration withdraw, Duration spread, Duration stop) {}
