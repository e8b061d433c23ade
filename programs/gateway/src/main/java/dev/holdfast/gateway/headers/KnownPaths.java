package dev.holdfast.gateway.headers;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.RequestSyntax;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.Router;
import io.netty.util.AsciiString;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The paths of recent requests of one event loop that are well-formed and in normal form, each with
 * the route that it had last. A service has few methods, so that most paths are known, and are not
 * read letter by letter again. Confined to the event loop.
 */
public final class KnownPaths {
  @Limit(
      of = "paths that one thread of the gateway knows again",
      then = "another one takes the place of one of them")
  static final int SLOTS = 256;

  @Limit(
      of = "bytes of a path, and of an authority, that is known again",
      then = "a longer one is checked and routed each time")
  static final int MAX_BYTES = 256;

  private final @Nullable KnownPath[] slots = new KnownPath[SLOTS];

  /** A known path, with its last route. */
  static final class KnownPath {
    private final AsciiString path;
    private AsciiString authority = AsciiString.EMPTY_STRING;
    private @Nullable Router routedBy;
    private @Nullable Route route;

    KnownPath(AsciiString path) {
      this.path = path;
    }

    /**
     * The route of a request with this path; null for none.
     *
     * @param router whose routes depend on path and authority alone
     */
    @Nullable Route route(Router router, RequestHead head) {
      CharSequence asked = head.authority();
      if (routedBy == router && AsciiString.contentEquals(authority, asked)) {
        return route;
      }
      Route found = router.find(head);
      if (asked.length() <= MAX_BYTES) {
        authority = AsciiString.of(asked);
        routedBy = router;
        route = found;
      }
      return found;
    }
  }

  /** The entry of a path; null if it is malformed, not in normal form or too long. */
  @Nullable KnownPath of(CharSequence path) {
    if (!(path instanceof AsciiString text) || text.length() > MAX_BYTES) {
      return null;
    }
    int hash = text.hashCode();
    int slot = (hash ^ hash >>> Short.SIZE) & (SLOTS - 1);
    KnownPath there = slots[slot];
    if (there != null && there.path.equals(text)) {
      return there;
    }
    if (!RequestSyntax.isPath(text) || !PathNormalization.isNormal(text)) {
      return null;
    }
    KnownPath fresh = new KnownPath(text);
    slots[slot] = fresh;
    return fresh;
  }

  /** Forgets all paths after a change of routes, which the entries would keep in memory. */
  public void clear() {
    Arrays.fill(slots, null);
  }
}
