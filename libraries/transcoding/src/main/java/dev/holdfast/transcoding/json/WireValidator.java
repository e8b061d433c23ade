package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.FieldDescriptor;

/**
 * Looks into values that are overruled and so never printed: a parser refuses them all the same.
 */
final class WireValidator {
  private final WireScanner scanner;

  WireValidator(WireScanner scanner) {
    this.scanner = scanner;
  }

  /** Validates and skips a field's value behind its tag. */
  void value(FieldPlan field, int tag, int to, int depth) throws CodecException {
    if (tag != field.tag) {
      int end = scanner.endOfPart(to);
      while (scanner.pos < end) {
        scanner.skip(field.tag, end, depth);
      }
    } else if (field.isGroup()) {
      int from = scanner.pos;
      int end = scanner.endOfGroup(tag, to, depth + 1);
      int behind = scanner.pos;
      scanner.pos = from;
      message(field.message(), end, depth + 1);
      scanner.pos = behind;
    } else if (field.message != null) {
      message(field.message(), scanner.endOfPart(to), depth + 1);
    } else if (field.type == FieldDescriptor.Type.STRING) {
      int end = scanner.endOfPart(to);
      if (field.descriptor.needsUtf8Check() && !Utf8.isValid(scanner.in, scanner.pos, end)) {
        throw scanner.failure("a text that is no UTF-8 (expected: UTF-8)");
      }
      scanner.pos = end;
    } else {
      scanner.skip(tag, to, depth);
    }
  }

  private void message(MessageType type, int to, int depth) throws CodecException {
    scanner.checkDepth(depth);
    while (scanner.pos < to) {
      int tag = scanner.tag(to);
      FieldPlan field = type.byNumber(tag >>> 3);
      if (field == null || (tag != field.tag && tag != field.packedTag)) {
        scanner.skip(tag, to, depth);
      } else {
        value(field, tag, to, depth);
      }
    }
  }
}
