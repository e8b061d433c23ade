package dev.holdfast.interop.spring.client;

import dev.holdfast.interop.spring.v1.OrdersGrpc;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.grpc.client.GrpcChannelFactory;

/** The client application. Nothing in it names Holdfast. */
@SpringBootApplication
public class OrdersClient {

  /** The program: properties as {@code --name=value}. */
  public static void main(String[] args) {
    SpringApplication.run(OrdersClient.class, args);
  }

  @Bean
  OrdersGrpc.OrdersStub orders(GrpcChannelFactory channels) {
    return OrdersGrpc.newStub(channels.createChannel("orders"));
  }
}
