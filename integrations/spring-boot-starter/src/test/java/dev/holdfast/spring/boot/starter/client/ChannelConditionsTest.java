package dev.holdfast.spring.boot.starter.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import io.grpc.netty.NettyChannelBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.grpc.client.autoconfigure.CompositeChannelFactoryAutoConfiguration;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.CompositeGrpcChannelFactory;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.client.NettyGrpcChannelFactory;

/** Tests of the conditions under which channels are made by Holdfast. */
class ChannelConditionsTest {
  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  SslAutoConfiguration.class,
                  GrpcClientAutoConfiguration.class,
                  CompositeChannelFactoryAutoConfiguration.class,
                  HoldfastAutoConfiguration.class,
                  HoldfastClientAutoConfiguration.class));

  @Test
  void springBootsFactoryBacksOff() {
    runner.run(
        context -> {
          assertThat(context).hasNotFailed();
          assertThat(context.getBean(GrpcChannelFactory.class))
              .isInstanceOf(CompositeGrpcChannelFactory.class);
          assertThat(context)
              .hasSingleBean(HoldfastGrpcChannelFactory.class)
              .doesNotHaveBean(NettyGrpcChannelFactory.class);
        });
  }

  @Test
  void factoryIsTheOnlyOneWithoutTheInProcessTransport() {
    runner
        .withPropertyValues("spring.grpc.client.inprocess.enabled=false")
        .withClassLoader(new FilteredClassLoader("io.grpc.inprocess"))
        .run(
            context ->
                assertThat(context.getBean(GrpcChannelFactory.class))
                    .isInstanceOf(HoldfastGrpcChannelFactory.class));
  }

  @Test
  void factoryOfTheApplicationWins() {
    runner
        .withUserConfiguration(OwnFactory.class)
        .run(
            context ->
                assertThat(context)
                    .hasBean("ownFactory")
                    .doesNotHaveBean(HoldfastGrpcChannelFactory.class));
  }

  @Test
  void eachSwitchLeavesSpringBootsFactory() {
    for (String off : List.of("holdfast.enabled", "holdfast.client.enabled")) {
      runner
          .withPropertyValues(off + "=false")
          .run(
              context ->
                  assertThat(context)
                      .as(off)
                      .hasSingleBean(NettyGrpcChannelFactory.class)
                      .doesNotHaveBean(HoldfastGrpcChannelFactory.class));
    }
  }

  @Test
  void nothingIsMadeWhereSpringBootIsToldToMakeNothing() {
    for (String off :
        List.of("spring.grpc.client.enabled", "spring.grpc.client.channelfactory.enabled")) {
      runner
          .withPropertyValues(off + "=false")
          .run(
              context ->
                  assertThat(context)
                      .as(off)
                      .hasNotFailed()
                      .doesNotHaveBean(HoldfastGrpcChannelFactory.class));
    }
  }

  @Test
  void shadedNettyAloneLeavesSpringBootAlone() {
    runner
        .withClassLoader(new FilteredClassLoader(NettyChannelBuilder.class))
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean(HoldfastGrpcChannelFactory.class));
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnFactory {
    @Bean
    NettyGrpcChannelFactory ownFactory(ClientInterceptorsConfigurer interceptors) {
      return new NettyGrpcChannelFactory(List.of(), interceptors);
    }
  }
}
