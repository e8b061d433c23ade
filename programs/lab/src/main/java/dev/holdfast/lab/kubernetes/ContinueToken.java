package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The continue token of a list: the position where its next page begins.
 *
 * @param version of the whole list; -1 for whatever is newest when it is used
 * @param after the path of the last object that was listed
 */
record ContinueToken(long version, String after) {
  private static final Pattern FORM =
      Pattern.compile(
          "\\{\"v\":\"meta\\.k8s\\.io/v1\",\"rv\":(-?\\d+),\"start\":\"([^\"\\\\]*)\\\\u0000\"\\}");

  static ContinueToken parse(String text) throws ApiException {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      Matcher found = FORM.matcher(new String(bytes, StandardCharsets.UTF_8));
      if (found.matches()) {
        return new ContinueToken(Long.parseLong(found.group(1)), found.group(2));
      }
    } catch (IllegalArgumentException e) {
      // The same answer as for a token that decodes to something else.
      throw unreadable();
    }
    throw unreadable();
  }

  String text() {
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("v", "meta.k8s.io/v1")
            .with("rv", version)
            .with("start", after + "\0")
            .endObject();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(json.toByteArray());
  }

  private static ApiException unreadable() {
    return ApiException.badRequest("continue key is not valid: illegal base64 or JSON");
  }
}
