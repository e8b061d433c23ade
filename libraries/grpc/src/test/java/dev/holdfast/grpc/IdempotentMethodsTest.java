package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import org.junit.jupiter.api.Test;

class IdempotentMethodsTest {
  private final IdempotentMethods methods = new IdempotentMethods();

  @Test
  void aGeneratedMethodWithoutADeclarationIsNotIdempotent() {
    assertThat(methods.contains(HealthGrpc.getCheckMethod())).isFalse();
    assertThat(methods.contains(HealthGrpc.getCheckMethod())).as("from the cache").isFalse();
  }

  @Test
  void aDescriptorMayDeclareItself() {
    MethodDescriptor<String, String> safe = WordsService.PLACE.toBuilder().setSafe(true).build();
    assertThat(methods.contains(safe)).isTrue();
    assertThat(methods.contains(WordsService.GET)).isTrue();
    assertThat(methods.contains(WordsService.PLACE)).isFalse();
  }
}
