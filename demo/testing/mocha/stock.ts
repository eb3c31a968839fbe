/** The program under test: a NestJS microservice like any other. */
import 'reflect-metadata';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx, EventPattern, MessagePattern, Payload, Transport, type MicroserviceOptions, type RmqContext,
} from '@nestjs/microservices';

interface Goods {
  readonly article: string;
  readonly count: number;
}

@Controller()
class StockController {
  readonly #stock = new Map<string, number>();

  @EventPattern('delivered')
  delivered(@Payload() { article, count }: Goods, @Ctx() context: RmqContext): void {
    this.#stock.set(article, (this.#stock.get(article) ?? 0) + count);
    context.getChannelRef().ack(context.getMessage());
  }

  @MessagePattern('count')
  count(@Payload() article: string, @Ctx() context: RmqContext): number {
    context.getChannelRef().ack(context.getMessage());
    return this.#stock.get(article) ?? 0;
  }
}

@Module({ controllers: [StockController] })
class StockModule {}

export async function startStock(url: string): Promise<INestMicroservice> {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(StockModule, {
    transport: Transport.RMQ,
    logger: false,
    options: { urls: [url], queue: 'stock', noAck: false, queueOptions: { durable: true } },
  });
  await service.listen();
  return service;
}
