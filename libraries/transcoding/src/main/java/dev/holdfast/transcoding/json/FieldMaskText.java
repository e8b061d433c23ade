package dev.holdfast.transcoding.json;

/** Paths of a FieldMask: snake_case in protobuf, lowerCamelCase in JSON, with commas between. */
final class FieldMaskText {
  private static final int TAG_PATHS = 1 << 3 | 2;

  private FieldMaskText() {}

  /**
   * Appends the paths as fields of a FieldMask; false when a path is malformed or not in
   * lowerCamelCase.
   *
   * @param snake whether paths may also be in snake_case
   */
  static boolean read(byte[] text, int from, int to, boolean snake, CodecBuffer out)
      throws CodecException {
    int at = from;
    while (at < to) {
      int comma = at;
      while (comma < to && text[comma] != ',') {
        comma++;
      }
      if (comma == at || comma + 1 == to) {
        return false;
      }
      out.putVarint32(TAG_PATHS);
      int content = out.open();
      for (int i = at; i < comma; i++) {
        byte letter = text[i];
        if (!isOfPath(letter) && !(snake && letter == '_')) {
          return false;
        }
        if (letter >= 'A' && letter <= 'Z') {
          out.put((byte) '_');
          out.put((byte) (letter + 'a' - 'A'));
        } else {
          out.put(letter);
        }
      }
      out.close(content);
      at = comma + 1;
    }
    return true;
  }

  private static boolean isOfPath(byte letter) {
    return (letter >= 'a' && letter <= 'z')
        || (letter >= 'A' && letter <= 'Z')
        || (letter >= '0' && letter <= '9')
        || letter == '.';
  }

  /** Appends a path in lowerCamelCase; false when converting it back would give another path. */
  static boolean write(byte[] path, int from, int to, CodecBuffer out) throws CodecException {
    for (int i = from; i < to; i++) {
      byte letter = path[i];
      if (letter == '_') {
        i++;
        if (i == to || path[i] < 'a' || path[i] > 'z') {
          return false;
        }
        out.put((byte) (path[i] + 'A' - 'a'));
      } else if ((letter >= 'A' && letter <= 'Z') || !isOfPath(letter)) {
        return false;
      } else {
        out.put(letter);
      }
    }
    return true;
  }
}
