package dev.holdfast.transcoding.http;

/**
 * A binding of a google.api.http annotation that is not served, because it does not fit its method
 * or its paths conflict with another binding. The other bindings of the method, and its default
 * binding, are served.
 *
 * @param file with the annotation
 * @param method its full name
 * @param binding HTTP method and template, as far as they are known
 * @param reason the found and the expected value
 */
public record RejectedBinding(String file, String method, String binding, String reason) {
  @Override
  public String toString() {
    return file + ": " + method + ": " + binding + ": " + reason;
  }
}
