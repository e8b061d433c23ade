package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.openapi.OpenApiDocuments;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The gateway's own responses to OPTIONS: CORS preflights, and the methods that a path allows. */
final class OptionsLocalReply {
  /** The request target for the whole server (RFC 9110, 9.3.7). */
  private static final String SERVER_WIDE = "*";

  private OptionsLocalReply() {}

  /** The gateway's own response to OPTIONS; null where the path has a binding of OPTIONS. */
  static @Nullable FrontendResponse of(
      HttpExchange web, HttpRequestHead head, FrontendOptions now, MethodRouter methodRouter) {
    FrontendResponse frontendResponse =
        new FrontendResponse(FrontendResponse.head(204, ""), FrontendResponse.NOTHING);
    if (CorsPolicy.isPreflight(web.headers())) {
      now.cors().answerPreflight(web.headers(), frontendResponse.head());
      return frontendResponse;
    }
    if (head.path().equals(SERVER_WIDE)) {
      return frontendResponse;
    }
    if (now.openApi().isPresent()
        && now.has(FrontendProtocol.JSON)
        && head.path().equals(OpenApiDocuments.PATH)) {
      return frontendResponse.allowing(List.of("GET", "HEAD", "OPTIONS"));
    }
    return now.has(FrontendProtocol.JSON)
        ? ofJson(web, head, frontendResponse, methodRouter)
        : ofMethod(web, head, frontendResponse, methodRouter);
  }

  private static @Nullable FrontendResponse ofJson(
      HttpExchange web,
      HttpRequestHead head,
      FrontendResponse frontendResponse,
      MethodRouter methodRouter) {
    try {
      var unused = methodRouter.json(web, head);
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
      return frontendResponse.allowing(List.copyOf(allow));
    } catch (UnknownSchemaException e) {
      return ofMethod(web, head, frontendResponse, methodRouter);
    }
  }

  /** The response for a gRPC path. Where a route selects the target, no schema is needed. */
  private static FrontendResponse ofMethod(
      HttpExchange web,
      HttpRequestHead head,
      FrontendResponse frontendResponse,
      MethodRouter methodRouter) {
    var unused = methodRouter.target(web, head.path());
    return frontendResponse.allowing(List.of("OPTIONS", "POST"));
  }
}
