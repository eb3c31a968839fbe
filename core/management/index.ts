/** Management of a broker as a function, and a tap on all that happens in it. */
export {
  management, managementApi, type Api, type ApiRequest, type ApiResponse, type Management,
} from './api.ts';
export type { ListenerFacts, LogLine, ProcessFacts, World } from './world.ts';
export { exportDefinitions, type Definitions } from './definitions.ts';
export {
  declareDefinitions, importDefinitions, importInTurns, isTaken,
  type ImportedItem,
} from './import-definitions.ts';
export { isPredeclared } from '../broker/exchange/predeclared.ts';
export { type MessageView, type PeekOptions } from './messages.ts';
export { type RemovedMessage } from './removal.ts';
export type {
  IoCounts, Labels, MetricPiece, MetricView, MetricWords, NodeFacts, Sample,
} from './metrics/family.ts';
export { metricPieces, type MetricRequest } from './metrics/metrics.ts';
export { Statistics, type Details, type SampleSpan } from './statistics/statistics.ts';
export { framesOf, tapOf } from './tap.ts';
export type { FrameTapped, TapEvent, TapMark, TapOf, TapType } from './tap-event.ts';
export type { HeadView, QueueInTopology, TopologyView } from './topology.ts';
export type {
  BindingView, ChannelView, ConnectionView, ConsumerView, ExchangeView, OverviewView, QueueView,
} from './views.ts';
