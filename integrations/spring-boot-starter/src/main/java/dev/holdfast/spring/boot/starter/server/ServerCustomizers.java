package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * The customization of the server in the order of Spring Boot: codecs, executor, the settings that
 * the application set, the beans of the application.
 */
record ServerCustomizers(
    ServerSettings settings,
    ObjectProvider<CompressorRegistry> compressors,
    ObjectProvider<DecompressorRegistry> decompressors,
    ObjectProvider<GrpcServerExecutorProvider> executors,
    ObjectProvider<ServerBuilderCustomizer<?>> customizers) {

  void customize(HoldfastServerBuilder builder) {
    compressors.ifAvailable(builder::compressorRegistry);
    decompressors.ifAvailable(builder::decompressorRegistry);
    executors.ifAvailable(provider -> builder.executor(provider.getExecutor()));
    settings.applyTo(builder);
    customizers
        .orderedStream()
        .forEach(customizer -> EitherServerBuilder.customize(customizer, builder));
  }
}
