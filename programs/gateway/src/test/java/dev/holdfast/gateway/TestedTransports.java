package dev.holdfast.gateway;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The transports over which an attack is played: each, or plaintext alone where tests with the tag
 * ci are left out, as in {@code ./verify}.
 */
final class TestedTransports implements ArgumentsProvider {
  private static final boolean ALL = !"ci".equals(System.getProperty("holdfast.test.withoutTag"));

  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    return Arrays.stream(Transport.values())
        .filter(each -> ALL || each == Transport.PLAINTEXT)
        .map(Arguments::of);
  }
}
