package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A list request, with the real server's rules for versions and pages. */
final class ListQuery {
  private static final String EXACT = "Exact";
  private static final String NOT_OLDER_THAN = "NotOlderThan";
  private static final String CONTINUE_EXPIRED =
      "The provided continue parameter is too old to display a consistent list result. You can"
          + " start a new list without the continue parameter, or use the continue token in this"
          + " response to retrieve the remainder of the results. Continuing with the provided token"
          + " results in an inconsistent list - objects that were created, modified, or deleted"
          + " between the time the first chunk was returned and now may show up in the list.";
  private static final String VERSION_EXPIRED =
      "The resourceVersion for the provided list is too old.";
  private static final String MATCH = "resourceVersionMatch: ";

  private final ApiRequest request;
  private final Selector selector;
  private final int limit;
  private final String version;
  private final String match;
  private final @Nullable ContinueToken token;

  ListQuery(ApiRequest request) throws ApiException {
    this.request = request;
    selector =
        Selector.parse(request.parameter("labelSelector"), request.parameter("fieldSelector"));
    limit = number("limit", request.parameter("limit"));
    version = request.parameter("resourceVersion");
    match = request.parameter("resourceVersionMatch");
    String given = request.parameter("continue");
    token = given.isEmpty() ? null : ContinueToken.parse(given);
    requireVersionsThatFit();
  }

  /** The version that the cache must have reached before this can be answered; 0 for any. */
  long awaitedVersion() throws ApiException {
    return token == null && !version.isEmpty() && !exact() ? versionNumber() : 0;
  }

  /** The response body of the list, as JSON. */
  String answer(ApiStore store) throws ApiException {
    long at = at(store);
    ApiResource resource = request.resource();
    List<StoredObject> then = store.list(resource, at);
    if (then == null) {
      throw new ApiException(ApiStatus.expired(VERSION_EXPIRED));
    }
    List<StoredObject> all =
        then.stream()
            .filter(o -> request.namespace().isEmpty() || inNamespace(o))
            .filter(o -> token == null || o.key().path().compareTo(token.after()) > 0)
            .filter(selector::matches)
            .toList();
    // The cache answers "any version" as a whole, whatever the limit says.
    boolean paged = limit > 0 && limit < all.size() && !version.equals("0");
    List<StoredObject> page = paged ? all.subList(0, limit) : all;
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("kind", resource.kind() + "List")
            .with("apiVersion", resource.apiVersion())
            .object("metadata")
            .with("resourceVersion", Long.toString(at));
    if (paged) {
      String last = page.get(page.size() - 1).key().path();
      json.with("continue", new ContinueToken(at, last).text());
      if (selector.everything()) {
        json.with("remainingItemCount", all.size() - limit);
      }
    }
    json.endObject().array("items");
    page.forEach(each -> json.json(each.inList()));
    return json.endArray().endObject().toString();
  }

  private boolean inNamespace(StoredObject object) {
    return object.key().namespace().equals(request.namespace());
  }

  /** The version to be listed. */
  private long at(ApiStore store) throws ApiException {
    if (token != null) {
      if (token.version() < 0) {
        return store.version();
      }
      if (store.isCompacted(token.version()) || token.version() > store.version()) {
        String newest = new ContinueToken(-1, token.after()).text();
        throw new ApiException(ApiStatus.expired(CONTINUE_EXPIRED).withContinue(newest));
      }
      return token.version();
    }
    if (version.isEmpty()) {
      store.progressed(request.resource());
      return store.version();
    }
    long asked = versionNumber();
    if (!exact()) {
      return store.cacheVersion();
    }
    if (store.isCompacted(asked)) {
      throw new ApiException(ApiStatus.expired(VERSION_EXPIRED));
    }
    if (asked > store.version()) {
      throw new ApiException(ApiStatus.tooLarge(asked, store.version()));
    }
    return asked;
  }

  /**
   * Whether the version is exact. A limit makes a version exact unless resourceVersionMatch says
   * otherwise, a rule older than that parameter.
   */
  private boolean exact() {
    return match.equals(EXACT) || (match.isEmpty() && limit > 0 && !version.equals("0"));
  }

  private long versionNumber() throws ApiException {
    try {
      return Long.parseUnsignedLong(version);
    } catch (NumberFormatException e) {
      throw ApiException.badRequest(
          "Invalid value: \"" + version + "\": strconv.ParseUint: invalid syntax");
    }
  }

  private void requireVersionsThatFit() throws ApiException {
    if (token != null && !version.isEmpty() && !version.equals("0")) {
      throw ApiException.badRequest(
          "specifying resource version is not allowed when using continue");
    }
    if (match.isEmpty()) {
      return;
    }
    if (version.isEmpty()) {
      throw ApiException.invalidOptions(
          MATCH
              + "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    if (Stream.of(EXACT, NOT_OLDER_THAN).noneMatch(match::equals)) {
      throw ApiException.invalidOptions(
          MATCH
              + "Unsupported value: \""
              + match
              + "\": supported values: \"Exact\", \"NotOlderThan\", \"\"");
    }
    if (match.equals(EXACT) && version.equals("0")) {
      throw ApiException.invalidOptions(
          MATCH
              + "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
  }

  static int number(String name, String text) throws ApiException {
    if (text.isEmpty()) {
      return 0;
    }
    try {
      return Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      throw ApiException.badRequest(name + ": strconv.ParseInt: parsing \"" + text + "\"");
    }
  }
}
