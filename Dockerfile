# One image for every process of Ebb; what it runs is said by the command (see docker-compose.yml).

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /ebb
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /ebb
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY --from=build /ebb/dist dist
COPY --from=build /ebb/libs/db/migrations libs/db/migrations
USER node
CMD ["node", "dist/apps/api/main.js"]
