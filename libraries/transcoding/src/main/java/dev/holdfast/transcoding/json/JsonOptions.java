package dev.holdfast.transcoding.json;

/**
 * Options of the JSON mapping. Immutable.
 *
 * @param ignoreUnknown whether unknown fields and unknown enum names in JSON are ignored instead of
 *     refused; they must be well-formed either way
 * @param enumsAsNumbers whether enum values are printed as numbers instead of names
 * @param printDefaults whether fields without presence are printed with their default value: zero,
 *     an empty string, {@code []} or {@code {}}
 * @param protoNames whether fields are printed with their names in the .proto file instead of
 *     lowerCamelCase; both are always accepted
 * @param maxInputBytes the maximum size of one message's input in either direction, in bytes, 1 or
 *     more
 * @param nearestNames whether the error of an unknown field, in a body or a query, suggests the
 *     nearest name; for clients that may know the schema
 * @param snakeCaseMasks whether the paths of a FieldMask in JSON may be in snake_case, in addition
 *     to proto3's lowerCamelCase
 */
public record JsonOptions(
    boolean ignoreUnknown,
    boolean enumsAsNumbers,
    boolean printDefaults,
    boolean protoNames,
    int maxInputBytes,
    boolean nearestNames,
    boolean snakeCaseMasks) {

  /** The default maximum size of input: 4 MiB, gRPC's own limit. */
  public static final int DEFAULT_MAX_INPUT_BYTES = 4 << 20;

  /**
   * The proto3 defaults: unknown fields refused, enums by name, fields in lowerCamelCase, defaults
   * omitted.
   */
  public static final JsonOptions DEFAULT =
      new JsonOptions(false, false, false, false, DEFAULT_MAX_INPUT_BYTES, false, false);

  /**
   * Validates the maximum input size.
   *
   * @throws IllegalArgumentException for a maximum below 1
   */
  public JsonOptions {
    if (maxInputBytes < 1) {
      throw new IllegalArgumentException("maxInputBytes: " + maxInputBytes + " (expected: >= 1)");
    }
  }

  /** A copy that ignores or refuses unknown fields. */
  public JsonOptions withIgnoreUnknown(boolean ignore) {
    return new JsonOptions(
        ignore,
        enumsAsNumbers,
        printDefaults,
        protoNames,
        maxInputBytes,
        nearestNames,
        snakeCaseMasks);
  }

  /** A copy that prints enum values as numbers or names. */
  public JsonOptions withEnumsAsNumbers(boolean numbers) {
    return new JsonOptions(
        ignoreUnknown,
        numbers,
        printDefaults,
        protoNames,
        maxInputBytes,
        nearestNames,
        snakeCaseMasks);
  }

  /** A copy that prints or omits default values. */
  public JsonOptions withPrintDefaults(boolean print) {
    return new JsonOptions(
        ignoreUnknown,
        enumsAsNumbers,
        print,
        protoNames,
        maxInputBytes,
        nearestNames,
        snakeCaseMasks);
  }

  /** A copy that prints names of the .proto file or lowerCamelCase. */
  public JsonOptions withProtoNames(boolean names) {
    return new JsonOptions(
        ignoreUnknown,
        enumsAsNumbers,
        printDefaults,
        names,
        maxInputBytes,
        nearestNames,
        snakeCaseMasks);
  }

  /** A copy with another maximum input size. */
  public JsonOptions withMaxInputBytes(int bytes) {
    return new JsonOptions(
        ignoreUnknown,
        enumsAsNumbers,
        printDefaults,
        protoNames,
        bytes,
        nearestNames,
        snakeCaseMasks);
  }

  /** A copy with or without nearest names in errors. */
  public JsonOptions withNearestNames(boolean nearest) {
    return new JsonOptions(
        ignoreUnknown,
        enumsAsNumbers,
        printDefaults,
        protoNames,
        maxInputBytes,
        nearest,
        snakeCaseMasks);
  }

  /** A copy that accepts or refuses masks in snake_case. */
  public JsonOptions withSnakeCaseMasks(boolean snake) {
    return new JsonOptions(
        ignoreUnknown,
        enumsAsNumbers,
        printDefaults,
        protoNames,
        maxInputBytes,
        nearestNames,
        snake);
  }
}
