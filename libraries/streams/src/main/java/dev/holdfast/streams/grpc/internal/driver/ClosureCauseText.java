package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.CloseReason;
import dev.holdfast.streams.session.CallClosure;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** The cause of an attachment's end as a short text for operators. */
public final class ClosureCauseText {
  private ClosureCauseText() {}

  /** Kind and status, and the code of the connection's end where its status names one. */
  public static String of(CallClosure how, Status status) {
    return how.kind() + " " + status.getCode() + code(status.getDescription());
  }

  /** A code is the first word of such a text by contract: see {@link CloseReason}. */
  private static String code(@Nullable String description) {
    if (description == null || description.length() < CloseReason.CODE_LENGTH) {
      return "";
    }
    return CloseReason.ofCode(description.substring(0, CloseReason.CODE_LENGTH))
        .map(reason -> " " + reason.code())
        .orElse("");
  }
}
