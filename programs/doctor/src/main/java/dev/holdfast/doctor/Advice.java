package dev.holdfast.doctor;

/**
 * A recommended setting of one library.
 *
 * @param library the library, such as {@code grpc-go}
 * @param side {@code client} or {@code server}
 * @param purpose what the setting is for
 * @param setting the setting as code
 */
public record Advice(String library, String side, String purpose, String setting) {}
