package dev.holdfast.micronaut;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Parameter;
import io.micronaut.context.annotation.Primary;
import io.micronaut.context.annotation.Prototype;
import io.micronaut.context.annotation.Replaces;
import io.micronaut.core.type.Argument;
import io.micronaut.grpc.annotation.GrpcChannel;
import io.micronaut.grpc.channels.GrpcManagedChannelFactory;
import io.micronaut.inject.ArgumentInjectionPoint;
import io.micronaut.inject.FieldInjectionPoint;
import io.micronaut.inject.InjectionPoint;
import io.micronaut.inject.qualifiers.Qualifiers;
import io.micronaut.scheduling.TaskExecutors;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Named;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The factory of the channels of {@link GrpcChannel}. Those whose target a registry resolves follow
 * it; the others are Micronaut's own. One channel for each target, closed with the context.
 */
@Factory
@Replaces(GrpcManagedChannelFactory.class)
class HoldfastChannelFactory extends GrpcManagedChannelFactory {
  private static final int CLOSE_SECONDS = 1;

  private final ApplicationContext context;
  private final TargetSettings targets;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  HoldfastChannelFactory(ApplicationContext context, TargetSettings targets) {
    super(context);
    this.context = context;
    this.targets = targets;
  }

  @Override
  @Bean
  @Primary
  @Replaces(value = ManagedChannel.class, factory = GrpcManagedChannelFactory.class)
  protected ManagedChannel managedChannel(InjectionPoint<Channel> injectionPoint) {
    return nameIn(injectionPoint)
        .filter(targets::isOfRegistry)
        .map(name -> channels.computeIfAbsent(name, this::connected))
        .orElseGet(() -> super.managedChannel(injectionPoint));
  }

  /** A bean, so that listeners of the application can change it before the channel is built. */
  @Bean
  @Prototype
  HoldfastChannelBuilder channelBuilder(
      @Parameter String name,
      List<ClientInterceptor> interceptors,
      Registries registries,
      @Named(TaskExecutors.IO) ExecutorService executor) {
    ChannelConfiguration configuration =
        context
            .findBean(ChannelConfiguration.Named.class, Qualifiers.byName(name))
            .map(ChannelConfiguration.class::cast)
            .orElseGet(() -> context.inject(new ChannelConfiguration.Default(name, registries)));
    List<ClientInterceptor> innermostFirst = new ArrayList<>(interceptors);
    Collections.reverse(innermostFirst);
    return configuration.builder().executor(executor).intercept(innermostFirst);
  }

  private ManagedChannel connected(String name) {
    return context.createBean(HoldfastChannelBuilder.class, name).build();
  }

  /** The value of the annotation, where Micronaut looks for it. */
  private static Optional<String> nameIn(InjectionPoint<Channel> injectionPoint) {
    Argument<?> argument = null;
    if (injectionPoint instanceof FieldInjectionPoint<?, ?> field) {
      argument = field.asArgument();
    } else if (injectionPoint instanceof ArgumentInjectionPoint<?, ?> parameter) {
      argument = parameter.getArgument();
    }
    return Optional.ofNullable(argument)
        .flatMap(found -> found.getAnnotationMetadata().stringValue(GrpcChannel.class));
  }

  @Override
  @PreDestroy
  public void close() {
    channels.values().forEach(ManagedChannel::shutdown);
    try {
      for (ManagedChannel channel : channels.values()) {
        if (!channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          channel.shutdownNow();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    channels.clear();
    super.close();
  }
}
