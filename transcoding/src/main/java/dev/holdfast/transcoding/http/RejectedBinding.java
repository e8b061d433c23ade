package dev.holdfast.transcoding.http;

/**
 * A binding of a google.api.http annotation that is not served: it does not fit its method, or
 * another one has its paths. The other bindings of the method, and its path by name, are served.
 *
 * @param file whose annotation it is
 * @param method its full name
 * @param binding method of HTTP and template, as far as they can be told
 * @param reason what was found and what was expected
 */
public record RejectedBinding(String file, String method, String binding, String reason) {
  @Override
  public String toString() {
    return file + ": " + method + ": " + binding + ": " + reason;
  }
}
