package dev.holdfast.transcoding.json;

/**
 * What JSON may look like. Immutable.
 *
 * @param ignoreUnknown whether fields (and names of enum values) that the schema doesn't know are
 *     left out when JSON is read; else they are refused. They must be sound JSON either way.
 * @param enumsAsNumbers whether enum values are printed as numbers instead of names
 * @param printDefaults whether fields without presence are printed when they have their default
 *     value: zero, an empty string, {@code []} and {@code {}}
 * @param protoNames whether fields are printed under the names in the .proto file instead of
 *     lowerCamelCase; both are always read
 * @param maxInputBytes the longest input of one message in either direction, in bytes, 1 and more
 * @param nearestNames whether the error of an unknown field, in a body or a query, names the one
 *     that was probably meant; for those who may know the schema
 * @param snakeCaseMasks whether paths of a FieldMask may be in snake_case when JSON is read; as in
 *     the mapping of proto3 else, they are in lowerCamelCase
 */
public record JsonOptions(
    boolean ignoreUnknown,
    boolean enumsAsNumbers,
    boolean printDefaults,
    boolean protoNames,
    int maxInputBytes,
    boolean nearestNames,
    boolean snakeCaseMasks) {

  /** The longest input unless another is said: 4 MiB, as gRPC's own limit. */
  public static final int DEFAULT_MAX_INPUT_BYTES = 4 << 20;

  /** Unknown fields refused, names of enums and fields as JSON has them, defaults left out. */
  public static final JsonOptions DEFAULT =
      new JsonOptions(false, false, false, false, DEFAULT_MAX_INPUT_BYTES, false, false);

  /**
   * Checks the bound.
   *
   * @throws IllegalArgumentException for a bound below 1
   */
  public JsonOptions {
    if (maxInputBytes < 1) {
      throw new IllegalArgumentException("maxInputBytes: " + maxInputBytes + " (expected: >= 1)");
    }
  }

  /** The same with unknown fields ignored or refused. */
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

  /** The same with enum values as numbers or names. */
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

  /** The same with default values printed or left out. */
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

  /** The same with names of the .proto file or lowerCamelCase. */
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

  /** The same with another longest input. */
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

  /** The same with or without the nearest names in errors. */
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

  /** The same with masks in snake_case taken or refused. */
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
