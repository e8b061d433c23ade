package dev.holdfast.doctor;

/**
 * One setting for one library.
 *
 * @param who the library, such as {@code grpc-go}
 * @param side {@code client} or {@code server}
 * @param purpose what it is for
 * @param setting what to write, as code
 */
public record Advice(String who, String side, String purpose, String setting) {}
