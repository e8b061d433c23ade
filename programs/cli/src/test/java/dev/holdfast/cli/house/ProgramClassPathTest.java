package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.BindableService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that libraries with which Holdfast is compared are not in the class path of the program.
 */
class ProgramClassPathTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "com/google/protobuf/util/JsonFormat.class",
        "com/linecorp/armeria/server/Server.class"
      })
  void classOfAComparedLibraryIsAbsent(String resource) {
    assertThat(getClass().getClassLoader().getResource(resource)).isNull();
  }

  /** The services of grpc-services that the program offers; their calls are in CallCommandTest. */
  @Test
  void servicesOfTheProgramDoWithoutProtobufsJson() {
    List<BindableService> services =
        List.of(
            new HealthStatusManager().getHealthService(), ProtoReflectionServiceV1.newInstance());
    assertThat(services)
        .extracting(service -> service.bindService().getServiceDescriptor().getName())
        .containsExactly("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection");
  }
}
