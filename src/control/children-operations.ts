/** Operations that are about the zones that a zone delegates: which DS they have, and by whose wish. */
import { z } from 'zod';
import { childrenView } from './children-shapes.ts';
import { operation } from './operation.ts';
import { zone } from './params.ts';

const parent = zone.describe('name of the zone that delegates');
const child = zone.describe('name of the child');

export const CHILDREN_OPERATIONS = {
  'children.list': operation({
    summary: 'list children that were looked at or that have a DS by their own wish',
    params: z.strictObject({ zone: parent }),
    result: childrenView,
    danger: 'reads',
    cli: 'children list ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/children' },
  }),
  'children.show': operation({
    summary: 'show which DS a child has, and why what it asks for is not followed',
    params: z.strictObject({ zone: parent, child }),
    result: childrenView,
    danger: 'reads',
    cli: 'children show ZONE CHILD',
    http: { method: 'GET', path: '/v1/zones/:zone/children/:child' },
  }),
  'children.scan': operation({
    summary: 'ask the servers of a child now which DS it wants, and follow that if it is right',
    params: z.strictObject({ zone: parent, child }),
    result: childrenView,
    danger: 'acts',
    cli: 'children scan ZONE CHILD',
    http: { method: 'POST', path: '/v1/zones/:zone/children/:child/scan' },
  }),
  'children.forget': operation({
    summary: 'let the zone file say again which DS a child has',
    params: z.strictObject({ zone: parent, child }),
    result: childrenView,
    danger: 'removes',
    cli: 'children forget ZONE CHILD',
    http: { method: 'POST', path: '/v1/zones/:zone/children/:child/forget' },
    asks: ({ zone: name, child: of }) => `the DS of ${of} becomes what the file of ${name} has, perhaps none`,
  }),
} as const;
