package dev.holdfast.gateway.http2.hpack;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one message part (RFC 9113, 8.1), as they arrive. A malformed section goes on to be
 * measured, but takes no more fields: its block is still decoded, as the table depends on it.
 */
final class FieldSection {
  private final ReceivedHeaders headers;
  private final long maxBytes;
  private long bytes;
  private final Set<PseudoHeaderName> pseudoHeaders = EnumSet.noneOf(PseudoHeaderName.class);
  private boolean hasRegular;
  private boolean inspected;
  private boolean ofRequest;
  private @Nullable String fault;

  /**
   * @param headers that take the fields
   * @param maxBytes the largest size (RFC 9113, 6.5.2)
   */
  FieldSection(ReceivedHeaders headers, long maxBytes) {
    this.headers = headers;
    this.maxBytes = maxBytes;
  }

  void add(HeaderField field) {
    bytes += field.size();
    if (bytes > maxBytes || fault != null) {
      return;
    }
    String found = field.fault();
    PseudoHeaderName pseudoHeader = field.name().pseudoHeader();
    if (found == null && pseudoHeader != null) {
      found = faultOf(pseudoHeader);
    }
    if (found == null) {
      hasRegular |= pseudoHeader == null;
      inspected |= field.name().isInspected();
      headers.addStripped(field.name().text(), field.value());
    } else {
      fault = found;
    }
  }

  boolean isTooLarge() {
    return bytes > maxBytes;
  }

  /** Whether no field is one that {@link FieldName#isInspected} tells of. */
  boolean isPlain() {
    return !inspected;
  }

  /** The reason why the section is malformed; null if it is not. */
  @Nullable String fault() {
    return fault;
  }

  private @Nullable String faultOf(PseudoHeaderName pseudoHeader) {
    if (pseudoHeaders.contains(pseudoHeader)) {
      return "Duplicate HTTP/2 pseudo-header '" + pseudoHeader.value() + "' encountered.";
    }
    if (hasRegular) {
      return "Pseudo-header field '" + pseudoHeader.value() + "' found after regular header.";
    }
    if (!pseudoHeaders.isEmpty() && ofRequest != pseudoHeader.isRequestOnly()) {
      return "Mix of request and response pseudo-headers.";
    }
    pseudoHeaders.add(pseudoHeader);
    ofRequest = pseudoHeader.isRequestOnly();
    return null;
  }
}
