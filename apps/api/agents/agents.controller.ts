import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type AgentView, agentView } from '#libs/accounts/agent-view';
import { getAgent } from '#libs/accounts/agents';
import type { Caller } from '#libs/accounts/find-caller';
import { pageAgents } from '#libs/accounts/page-agents';
import { registerAgent } from '#libs/accounts/register-agent';
import { mapPage, type Page } from '#libs/pages/page';
import { refuse } from '#libs/problems/refusal';
import { type TreasuryBalances as Balances, treasuryBalances } from '#libs/treasuries/balances';
import { give } from '../http/answer.ts';
import { Answers, KEYED, WRITING } from '../http/answers.ts';
import { Calling, Guard, type Guarded, Needs, TakesKey } from '../http/decorators.ts';
import { type ApiParts, PARTS } from '../parts.ts';
import { Agent, AgentList, AgentQuery, CreateAgent, TreasuryBalances } from './schemas.ts';

@Controller('v1/agents')
export class AgentsController {
  readonly #parts: ApiParts;

  constructor(@Inject(PARTS) parts: ApiParts) {
    this.#parts = parts;
  }

  @Post()
  @Needs('agents:write')
  @TakesKey()
  @Answers(201, Agent, [...WRITING, 'agent_already_registered', 'treasury_kind_unsupported'])
  async create(
    @Calling() caller: Caller,
    @Guard('POST /v1/agents') guarded: Guarded,
    @Body({ schema: CreateAgent }) body: CreateAgent,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AgentView> {
    return give(reply, await registerAgent(this.#parts, caller, { ...guarded, body }));
  }

  @Get()
  @Needs('agents:read')
  @Answers(200, AgentList, KEYED)
  async list(@Calling() caller: Caller, @Query({ schema: AgentQuery }) query: AgentQuery): Promise<Page<AgentView>> {
    return mapPage(await pageAgents(this.#parts.db.read, this.#parts.keys.cursor, caller, query), agentView);
  }

  @Get(':mint')
  @Needs('agents:read')
  @Answers(200, Agent, [...KEYED, 'agent_not_found'])
  async read(@Calling() caller: Caller, @Param('mint') mint: string): Promise<AgentView> {
    const { accountId, network } = caller;
    return agentView((await getAgent(this.#parts.db.read, { accountId, network, mint })) ?? refuse('agent_not_found'));
  }

  @Get(':mint/treasury/balances')
  @Needs('treasury:read')
  @Answers(200, TreasuryBalances, [...KEYED, 'agent_not_found', 'chain_unavailable'])
  balances(@Calling() caller: Caller, @Param('mint') mint: string): Promise<Balances> {
    return treasuryBalances(this.#parts, caller, mint);
  }
}
