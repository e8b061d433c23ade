package dev.holdfast.cli;

import java.util.regex.Pattern;

/** The handling of passwords: none on the command line, and none in any text that is shown. */
public final class Secrets {
  private static final String ADVICE = "etcd://USER@..";
  // Greedy up to the last "@": a password may hold an "@" or a slash itself. Not our own advice.
  private static final Pattern USER_INFO = Pattern.compile("://(?!USER@\\.\\.)\\S*@");
  // Looked for in the text: a slash in the password would hide it from a parser of URIs. A colon
  // may be written as %3A, which is decoded before user and password are told apart.
  private static final Pattern PASSWORD = Pattern.compile("://[^?]*(?::|%3[aA])[^?]*@");

  private Secrets() {}

  /** The text with {@code ...} in place of user and password of each URI in it. */
  public static String redact(String text) {
    return USER_INFO.matcher(text).replaceAll("://...@");
  }

  /**
   * Refuses a URI with a password that every process of the machine could read.
   *
   * @throws UserError naming the variables to use; the password is not in it
   */
  public static void refuseOnCommandLine(String name, String uri) {
    if (PASSWORD.matcher(uri).find()) {
      throw UserError.usage(
          name
              + ": a password in a URI on the command line can be read by every process of this"
              + " machine (expected: "
              + ADVICE
              + " with the password in the file that"
              + " HOLDFAST_REGISTRY_PASSWORD_FILE names, or in HOLDFAST_REGISTRY_PASSWORD)");
    }
  }
}
