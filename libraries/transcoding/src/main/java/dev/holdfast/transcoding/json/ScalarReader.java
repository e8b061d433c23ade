package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.FieldDescriptor;
import java.math.BigInteger;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reader of scalar values that writes them as protobuf fields. */
class ScalarReader extends JsonScanner {
  /** The number of digits that always fit a long. */
  private static final int DIGITS_AT_ONCE = 18;

  final JsonCodec codec;
  final CodecBuffer out;
  private final boolean ignoreUnknown;

  /** Whether an explicit default value of a field without presence is written. */
  private boolean keepsDefaults;

  ScalarReader(JsonCodec codec, byte[] in, int start, int end, CodecBuffer out) {
    super(in, start, end);
    this.codec = codec;
    this.out = out;
    this.ignoreUnknown = codec.options().ignoreUnknown();
  }

  final void keepDefaults() {
    keepsDefaults = true;
  }

  private boolean drops(FieldPlan field) {
    return field.implicit && !keepsDefaults;
  }

  /**
   * Reads the value here and writes it with its tag. The default of a field without presence is not
   * written.
   *
   * @return false for an ignored unknown enum value
   */
  final boolean scalar(FieldPlan field) throws CodecException {
    switch (field.type) {
      case STRING -> string(field);
      case BOOL -> putBool(field, bool());
      case DOUBLE -> putDouble(field, decimal(field));
      case FLOAT -> putFloat(field, (float) decimal(field));
      case BYTES -> {
        int at = pos;
        if (next() != '"') {
          throw wrong("a string of base64");
        }
        readText();
        bytesOfText(field, at);
      }
      case ENUM -> {
        return enumeration(field);
      }
      default -> putInteger(field, integer(field));
    }
    return true;
  }

  /** As {@link #scalar} for the {@link #text}, which is a map key or plain text. */
  final boolean scalarOfText(FieldPlan field, int at) throws CodecException {
    switch (field.type) {
      case STRING -> {
        if (!Utf8.isValid(text, textFrom, textTo)) {
          throw failure("invalid UTF-8 (expected: UTF-8)", at);
        }
        putBytes(field, textFrom, textTo);
      }
      case BOOL -> putBool(field, boolOfText(at));
      case DOUBLE -> putDouble(field, decimalOfText(field, at));
      case FLOAT -> putFloat(field, (float) decimalOfText(field, at));
      case BYTES -> bytesOfText(field, at);
      case ENUM -> {
        return enumOfText(field, at);
      }
      default -> putInteger(field, integerOfText(field, at));
    }
    return true;
  }

  private void string(FieldPlan field) throws CodecException {
    if (next() != '"') {
      throw wrong("a string");
    }
    int before = out.size;
    tag(field);
    int content = out.open();
    copyString(out);
    if (drops(field) && out.size == content) {
      out.size = before;
    } else {
      out.close(content);
    }
  }

  private void putBytes(FieldPlan field, int from, int to) throws CodecException {
    if (drops(field) && from == to) {
      return;
    }
    tag(field);
    out.putVarint32(to - from);
    out.append(text, from, to - from);
  }

  private void bytesOfText(FieldPlan field, int at) throws CodecException {
    int before = out.size;
    tag(field);
    int content = out.open();
    if (!Base64Text.decode(text, textFrom, textTo, out)) {
      throw wrongText(at, "base64");
    }
    if (drops(field) && out.size == content) {
      out.size = before;
    } else {
      out.close(content);
    }
  }

  private boolean bool() throws CodecException {
    byte first = next();
    if (first != 't' && first != 'f') {
      throw wrong("true or false");
    }
    literal(first == 't' ? "true" : "false");
    return first == 't';
  }

  private boolean boolOfText(int at) throws CodecException {
    boolean yes = textIs("true");
    if (!yes && !textIs("false")) {
      throw wrongText(at, "true or false");
    }
    return yes;
  }

  final boolean textIs(String word) {
    if (textTo - textFrom != word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (text[textFrom + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private double decimal(FieldPlan field) throws CodecException {
    byte first = next();
    int at = pos;
    if (first == '"') {
      readText();
      return decimalOfText(field, at);
    }
    if (!isOfNumber(first)) {
      throw wrong(expectedDecimal(field));
    }
    readNumber();
    return finite(field, at);
  }

  /** The value of the text, which must be a number within the range of the field's type. */
  private double finite(FieldPlan field, int at) throws CodecException {
    double value =
        field.type == FieldDescriptor.Type.FLOAT
            ? JsonNumbers.toFloat(text, textFrom, textTo)
            : JsonNumbers.toDouble(text, textFrom, textTo);
    if (Double.isInfinite(value)) {
      throw wrongText(at, "within the range of " + typeName(field));
    }
    return value;
  }

  private double decimalOfText(FieldPlan field, int at) throws CodecException {
    if (JsonNumbers.isNumber(text, textFrom, textTo)) {
      return finite(field, at);
    }
    if (textIs("NaN")) {
      return Double.NaN;
    }
    if (textIs("Infinity")) {
      return Double.POSITIVE_INFINITY;
    }
    if (textIs("-Infinity")) {
      return Double.NEGATIVE_INFINITY;
    }
    throw wrongText(at, expectedDecimal(field));
  }

  private static String expectedDecimal(FieldPlan field) {
    return typeName(field) + ": a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
  }

  private long integer(FieldPlan field) throws CodecException {
    boolean quoted = next() == '"';
    int at = quoted ? pos + 1 : pos;
    boolean negative = at < end && in[at] == '-';
    if (negative) {
      at++;
    }
    int first = at;
    int limit = Math.min(end, at + DIGITS_AT_ONCE);
    long value = 0;
    while (at < limit) {
      int digit = in[at] - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      value = value * 10 + digit;
      at++;
    }
    boolean sound = at - first == 1 || (at > first && in[first] != '0');
    boolean complete = quoted ? at < end && in[at] == '"' : at == end || !isOfNumber(in[at]);
    long signed = negative ? -value : value;
    if (sound && complete && signed >= field.least && signed <= field.greatest) {
      pos = quoted ? at + 1 : at;
      return signed;
    }
    return rareInteger(field);
  }

  /**
   * The slow path for integers: fractions and exponents, the last digits of 64 bits, and errors.
   */
  private long rareInteger(FieldPlan field) throws CodecException {
    int at = pos;
    byte first = next();
    if (first == '"') {
      readText();
    } else if (isOfNumber(first)) {
      readNumber();
    } else {
      throw wrong(expectedInteger(field));
    }
    return integerOfText(field, at);
  }

  private long integerOfText(FieldPlan field, int at) throws CodecException {
    Long value = wholeNumber(field);
    if (value == null) {
      throw wrongText(at, expectedInteger(field));
    }
    return value;
  }

  /** The text as an integer of the field's type; null when it is none. */
  private @Nullable Long wholeNumber(FieldPlan field) {
    BigInteger value = JsonNumbers.whole(text, textFrom, textTo);
    if (value == null) {
      return null;
    }
    boolean fits =
        switch (field.type) {
          case UINT64, FIXED64 -> JsonNumbers.fitsUnsigned(value);
          default ->
              value.bitLength() < Long.SIZE
                  && value.longValue() >= field.least
                  && value.longValue() <= field.greatest;
        };
    return fits ? value.longValue() : null;
  }

  private static String expectedInteger(FieldPlan field) {
    return switch (field.type) {
      case UINT64, FIXED64 -> typeName(field) + ": 0 to " + Long.toUnsignedString(-1);
      default -> typeName(field) + ": " + field.least + " to " + field.greatest;
    };
  }

  private static String typeName(FieldPlan field) {
    return field.type.name().toLowerCase(Locale.ROOT);
  }

  private boolean enumeration(FieldPlan field) throws CodecException {
    byte first = next();
    int at = pos;
    if (first == '"') {
      readText();
    } else if (isOfNumber(first)) {
      readNumber();
    } else if (first == 'n' && field.nullIsValue) {
      literal("null");
      putInteger(field, 0);
      return true;
    } else {
      throw wrong("a name or number of " + field.enums().fullName);
    }
    return enumOfText(field, at);
  }

  private boolean enumOfText(FieldPlan field, int at) throws CodecException {
    EnumTable enums = field.enums();
    Integer named = enums.number(text, textFrom, textTo);
    if (named != null) {
      putInteger(field, named);
      return true;
    }
    Long number = wholeNumber(field);
    if (number != null && !(enums.closed && enums.quotedName(number.intValue()) == null)) {
      putInteger(field, number);
      return true;
    }
    if (ignoreUnknown) {
      return false;
    }
    throw wrongText(at, "a name or number of " + enums.fullName);
  }

  final void tag(FieldPlan field) throws CodecException {
    if (field.elementTag != 0) {
      out.putVarint32(field.elementTag);
    }
  }

  private void putBool(FieldPlan field, boolean value) throws CodecException {
    if (value || !drops(field)) {
      tag(field);
      out.put((byte) (value ? 1 : 0));
    }
  }

  private void putDouble(FieldPlan field, double value) throws CodecException {
    long bits = Double.doubleToLongBits(value);
    if (bits != 0 || !drops(field)) {
      tag(field);
      out.putFixed64(bits);
    }
  }

  private void putFloat(FieldPlan field, float value) throws CodecException {
    int bits = Float.floatToIntBits(value);
    if (bits != 0 || !drops(field)) {
      tag(field);
      out.putFixed32(bits);
    }
  }

  final void putInteger(FieldPlan field, long value) throws CodecException {
    if (value == 0 && drops(field)) {
      return;
    }
    tag(field);
    switch (field.type) {
      case UINT32 -> out.putVarint32((int) value);
      case SINT32 -> out.putVarint32((int) value << 1 ^ (int) value >> 31);
      case SINT64 -> out.putVarint64(value << 1 ^ value >> 63);
      case FIXED32, SFIXED32 -> out.putFixed32((int) value);
      case FIXED64, SFIXED64 -> out.putFixed64(value);
      default -> out.putVarint64(value);
    }
  }
}
