package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The gateway's own responses to OPTIONS: CORS preflights, and the methods that a path allows. */
final class OwnOptions {
  /** The request target for the whole server (RFC 9110, 9.3.7). */
  private static final String SERVER_WIDE = "*";

  private OwnOptions() {}

  /** The gateway's own response to OPTIONS; null where the path has a binding of OPTIONS. */
  static @Nullable Answer of(WebExchange web, RequestHead head, FaceTerms now, Places places) {
    Answer answer = new Answer(Answer.head(204, ""), Answer.NOTHING);
    if (Cors.isQuestion(web.headers())) {
      now.cors().permit(web.headers(), answer.head());
      return answer;
    }
    if (head.path().equals(SERVER_WIDE)) {
      return answer;
    }
    if (now.openApi().isPresent() && now.has(Face.JSON) && head.path().equals(OpenApiDesk.PATH)) {
      return answer.allowing(List.of("GET", "HEAD", "OPTIONS"));
    }
    return now.has(Face.JSON)
        ? ofJson(web, head, answer, places)
        : ofMethod(web, head, answer, places);
  }

  private static @Nullable Answer ofJson(
      WebExchange web, RequestHead head, Answer answer, Places places) {
    try {
      var unused = places.json(web, head);
      return null;
    } catch (RequestRefusedException e) {
      if (e.allow().isEmpty()) {
        throw e;
      }
      Set<String> allow = new TreeSet<>(e.allow());
      allow.add("OPTIONS");
      if (allow.contains("GET")) {
        allow.add("HEAD");
      }
      return answer.allowing(List.copyOf(allow));
    } catch (UnknownSchemaException e) {
      return ofMethod(web, head, answer, places);
    }
  }

  /** The response for a gRPC path. Where a route selects the target, no schema is needed. */
  private static Answer ofMethod(WebExchange web, RequestHead head, Answer answer, Places places) {
    var unused = places.place(web, head.path());
    return answer.allowing(List.of("OPTIONS", "POST"));
  }
}
