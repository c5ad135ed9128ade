--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: __EFMigrationsHistory; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."__EFMigrationsHistory" (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL
);


--
-- Name: inbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inbox (
    request_id uuid NOT NULL,
    removed_at timestamp with time zone NOT NULL
);


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    destination text NOT NULL,
    content_type text NOT NULL,
    body text NOT NULL,
    correlation_id uuid,
    trace_parent text,
    claimable_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL
);


--
-- Name: requests; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.requests (
    id uuid NOT NULL,
    state character varying(16) NOT NULL,
    version integer NOT NULL,
    command json,
    trace_parent text,
    requested_at timestamp with time zone NOT NULL,
    deadline timestamp with time zone NOT NULL,
    next_tick_at timestamp with time zone,
    close_by timestamp with time zone,
    closed_at timestamp with time zone,
    reason character varying(32),
    errors json NOT NULL,
    images json NOT NULL,
    submissions json NOT NULL
);


--
-- Name: submission_pace; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.submission_pace (
    id integer NOT NULL,
    next_at timestamp with time zone NOT NULL
);


--
-- Name: submissions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.submissions (
    id character varying(16) NOT NULL,
    request_id uuid NOT NULL,
    state character varying(16) NOT NULL,
    owner uuid NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    calls integer NOT NULL,
    settled_at timestamp with time zone,
    provider_id text,
    cost numeric
);


--
-- Data for Name: __EFMigrationsHistory; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."__EFMigrationsHistory" VALUES ('20261123023339_Initial', '10.0.15');


--
-- Data for Name: inbox; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.inbox VALUES ('20261125-0000-4000-8000-000000000012', '2026-11-24 23:59:12.019952+00');


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.outbox VALUES ('01a216c0-18c2-7360-b6ba-7755d3442bce', 'c8c43cb6-34e8-ccbf-2bc3-59000e000bbe', 'exchange:ImageWorker.Contracts:ImageGenerated', 'application/vnd.masstransit+json', '{
  "messageId": "c8c43cb6-34e8-ccbf-2bc3-59000e000bbe",
  "requestId": null,
  "correlationId": "20261125-0000-4000-8000-000000000010",
  "conversationId": "20261125-0000-4000-8000-000000000010",
  "initiatorId": null,
  "sourceAddress": null,
  "destinationAddress": null,
  "responseAddress": null,
  "faultAddress": null,
  "messageType": [
    "urn:message:ImageWorker.Contracts:ImageGenerated"
  ],
  "message": {
    "requestId": "20261125-0000-4000-8000-000000000010",
    "number": 0,
    "url": "http://127.0.0.1:42021/images/pibj3wabsntq33hd/0.png",
    "metadata": {
      "number": "10"
    }
  },
  "expirationTime": null,
  "sentTime": "2026-11-24T23:59:58.730982Z",
  "headers": {},
  "host": {
    "machineName": "worker",
    "processName": "ImageWorker",
    "processId": 16355,
    "assembly": "ImageWorker",
    "assemblyVersion": "1.0.0.0",
    "frameworkVersion": "10.0.12",
    "massTransitVersion": "8.5.12.0",
    "operatingSystemVersion": "Unix 6.18.44.782"
  }
}', '20261125-0000-4000-8000-000000000010', NULL, '2026-11-25 00:00:28.922371+00', 0);
INSERT INTO public.outbox VALUES ('01a216c0-192b-73fa-b775-c8d22d475796', 'c9f84485-a1e0-b834-f7e0-2656ff1c97da', 'exchange:ImageWorker.Contracts:ImagesReady', 'application/vnd.masstransit+json', '{
  "messageId": "c9f84485-a1e0-b834-f7e0-2656ff1c97da",
  "requestId": null,
  "correlationId": "20261125-0000-4000-8000-000000000010",
  "conversationId": "20261125-0000-4000-8000-000000000010",
  "initiatorId": null,
  "sourceAddress": null,
  "destinationAddress": null,
  "responseAddress": null,
  "faultAddress": null,
  "messageType": [
    "urn:message:ImageWorker.Contracts:ImagesReady"
  ],
  "message": {
    "requestId": "20261125-0000-4000-8000-000000000010",
    "images": [
      {
        "number": 0,
        "status": "generated",
        "url": "http://127.0.0.1:42021/images/pibj3wabsntq33hd/0.png",
        "errorId": null,
        "cost": 0.0380,
        "attempts": 1
      }
    ],
    "cost": {
      "total": 0.0380,
      "currency": "EUR",
      "estimated": 0.0380,
      "submissions": [
        {
          "uniqueRequestId": "pibj3wabsntq33hd",
          "imageNumbers": [
            0
          ],
          "cost": 0.0380,
          "outcome": "accepted"
        }
      ]
    },
    "requestedAt": "2026-11-24T23:59:56.23596+00:00",
    "closedAt": "2026-11-24T23:59:58.788131+00:00",
    "metadata": {
      "number": "10"
    }
  },
  "expirationTime": null,
  "sentTime": "2026-11-24T23:59:58.835582Z",
  "headers": {},
  "host": {
    "machineName": "worker",
    "processName": "ImageWorker",
    "processId": 16355,
    "assembly": "ImageWorker",
    "assemblyVersion": "1.0.0.0",
    "frameworkVersion": "10.0.12",
    "massTransitVersion": "8.5.12.0",
    "operatingSystemVersion": "Unix 6.18.44.782"
  }
}', '20261125-0000-4000-8000-000000000010', NULL, '2026-11-25 00:00:28.922371+00', 0);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000011', 'Withdrawn', 0, NULL, NULL, '2026-11-24 23:59:12.108791+00', '-infinity', NULL, NULL, NULL, NULL, '[]', '[]', '[]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000004', 'Generating', 1, '{"requestId":"20261125-0000-4000-8000-000000000004","prompt":"a red fox [seconds 40] [tag 20261125000040008000000000000004]","count":2,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"4"}}', NULL, '2026-11-24 23:59:12.086304+00', '2026-11-25 00:29:12.086308+00', '2026-11-24 23:59:52.236828+00', NULL, NULL, NULL, '[]', '[{"number":0,"state":"Generating","url":null,"errorId":null,"attempts":1,"resendAt":null},{"number":1,"state":"Generating","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"yrfixcijz7g3arvn","providerId":"yrfixcijz7g3arvn","imageNumbers":[0,1],"state":"Accepted","inDoubt":false,"cost":0.0760,"imageCosts":[0.0380,0.0380],"nextSubmitAt":null,"nextCheckAt":"2026-11-24T23:59:52.2368289+00:00","waitingSince":"2026-11-24T23:59:12.2368289+00:00","waitTime":"00:00:40","checkedAt":null,"failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000009', 'Closed', 1, '{"requestId":"20261125-0000-4000-8000-000000000009","prompt":"a red fox [seconds never] [tag 20261125000040008000000000000009]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"9"}}', NULL, '2026-11-24 23:59:12.06306+00', '2026-11-25 00:29:12.063069+00', NULL, NULL, '2026-11-24 23:59:12.365167+00', 'RejectedByProvider', '[{"id":"INVALID_PARAMETER","message":"\u0027never\u0027 in the marker [seconds never] is not a number","on":"prompt"}]', '[{"number":0,"state":"Failed","url":null,"errorId":"INVALID_PARAMETER","attempts":1,"resendAt":null}]', '[{"id":"wrs7xdslhwztmrjx","providerId":null,"imageNumbers":[0],"state":"Refused","inDoubt":false,"cost":0,"imageCosts":[0],"nextSubmitAt":null,"nextCheckAt":null,"waitingSince":"2026-11-24T23:59:12.063614+00:00","checkedAt":null,"failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000008', 'Closed', 2, '{"requestId":"20261125-0000-4000-8000-000000000008","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000008]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"8"}}', NULL, '2026-11-24 23:59:12.065+00', '2026-11-25 00:29:12.065001+00', NULL, NULL, '2026-11-24 23:59:13.234548+00', NULL, '[]', '[{"number":0,"state":"Generated","url":"http://127.0.0.1:42021/images/hdsysnzs2qwr5wgf/0.png","errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"hdsysnzs2qwr5wgf","providerId":"hdsysnzs2qwr5wgf","imageNumbers":[0],"state":"Accepted","inDoubt":false,"cost":0.0380,"imageCosts":[0.0380],"nextSubmitAt":null,"nextCheckAt":null,"checkedAt":"2026-11-24T23:59:13.2295517+00:00","failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000005', 'Generating', 2, '{"requestId":"20261125-0000-4000-8000-000000000005","prompt":"a red fox [seconds 0.3] [general-error 1] [tag 20261125000040008000000000000005]","count":2,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"5"}}', NULL, '2026-11-24 23:59:12.117637+00', '2026-11-25 00:29:12.117643+00', '2026-11-24 23:59:43.272239+00', NULL, NULL, NULL, '[]', '[{"number":0,"state":"Generated","url":"http://127.0.0.1:42021/images/zt6vq66a6xfhjyqi/0.png","errorId":null,"attempts":1,"resendAt":null},{"number":1,"state":"WaitingToResend","url":null,"errorId":null,"attempts":1,"resendAt":"2026-11-24T23:59:43.272239+00:00","waitingSince":"2026-11-24T23:59:13.272237+00:00"}]', '[{"id":"zt6vq66a6xfhjyqi","providerId":"zt6vq66a6xfhjyqi","imageNumbers":[0,1],"state":"Accepted","inDoubt":false,"cost":0.0760,"imageCosts":[0.0380,0.0380],"nextSubmitAt":null,"nextCheckAt":null,"checkedAt":"2026-11-24T23:59:13.271677+00:00","failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000003', 'Submitting', 1, '{"requestId":"20261125-0000-4000-8000-000000000003","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000003]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"3"}}', NULL, '2026-11-24 23:59:13.345956+00', '2026-11-25 00:29:13.345964+00', '2026-11-24 23:59:43.414049+00', NULL, NULL, NULL, '[]', '[{"number":0,"state":"Submitting","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"2mdmcyp4ep7n3evi","providerId":null,"imageNumbers":[0],"state":"Deferred","inDoubt":false,"cost":null,"imageCosts":[null],"nextSubmitAt":"2026-11-24T23:59:43.414049+00:00","nextCheckAt":null,"waitingSince":"2026-11-24T23:59:13.414049+00:00","checkedAt":null,"failures":1,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000006', 'Closing', 2, '{"requestId":"20261125-0000-4000-8000-000000000006","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000006]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"6"}}', NULL, '2026-11-24 23:59:13.346281+00', '2026-11-25 00:29:13.346282+00', '2026-11-24 23:59:43.451277+00', '2026-11-25 00:04:13.508667+00', NULL, 'Cancelled', '[]', '[{"number":0,"state":"Submitting","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"gbrqki7becnoppov","providerId":null,"imageNumbers":[0],"state":"Deferred","inDoubt":true,"cost":null,"imageCosts":[null],"nextSubmitAt":"2026-11-24T23:59:43.451277+00:00","nextCheckAt":null,"waitingSince":"2026-11-24T23:59:13.451277+00:00","checkedAt":null,"failures":1,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000001', 'Submitting', 0, '{"requestId":"20261125-0000-4000-8000-000000000001","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000001]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"1"}}', NULL, '2026-11-24 23:59:29.951655+00', '2026-11-25 00:29:29.951743+00', '2026-11-24 23:59:38.081236+00', NULL, NULL, NULL, '[]', '[{"number":0,"state":"Submitting","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"32ucrb4uglcfn2fl","providerId":null,"imageNumbers":[0],"state":"Submitting","inDoubt":false,"cost":null,"imageCosts":[null],"nextSubmitAt":"2026-11-24T23:59:38.081236+00:00","nextCheckAt":null,"waitingSince":"2026-11-24T23:59:30.081179+00:00","checkedAt":null,"failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000007', 'Closing', 2, '{"requestId":"20261125-0000-4000-8000-000000000007","prompt":"a red fox [seconds 20] [tag 20261125000040008000000000000007]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1,"maxCost":null,"progress":true,"metadata":{"number":"7"}}', NULL, '2026-11-24 23:59:13.529599+00', '2026-11-24 23:59:14.529607+00', '2026-11-24 23:59:22.540643+00', '2026-11-25 00:04:14.540273+00', NULL, 'DeadlineExceeded', '[]', '[{"number":0,"state":"Generating","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"iyyehxr36vu6f3kr","providerId":"iyyehxr36vu6f3kr","imageNumbers":[0],"state":"Accepted","inDoubt":false,"cost":0.0380,"imageCosts":[0.0380],"nextSubmitAt":null,"nextCheckAt":"2026-11-24T23:59:22.540643+00:00","waitingSince":"2026-11-24T23:59:13.5681937+00:00","waitTime":"00:00:20","checkedAt":null,"failures":0,"isInFinalCheck":true}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000002', 'Submitting', 0, '{"requestId":"20261125-0000-4000-8000-000000000002","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000002]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"2"}}', NULL, '2026-11-24 23:59:43.133926+00', '2026-11-25 00:29:43.133966+00', '2026-11-24 23:59:51.220057+00', NULL, NULL, NULL, '[]', '[{"number":0,"state":"Submitting","url":null,"errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"s46vxhkkkqbeha7u","providerId":null,"imageNumbers":[0],"state":"Submitting","inDoubt":false,"cost":null,"imageCosts":[null],"nextSubmitAt":"2026-11-24T23:59:51.220057+00:00","nextCheckAt":null,"waitingSince":"2026-11-24T23:59:43.220037+00:00","checkedAt":null,"failures":0,"isInFinalCheck":false}]');
INSERT INTO public.requests VALUES ('20261125-0000-4000-8000-000000000010', 'Closed', 2, '{"requestId":"20261125-0000-4000-8000-000000000010","prompt":"a red fox [seconds 0.3] [tag 20261125000040008000000000000010]","count":1,"model":"zpk-ultra","quality":"standard","style":"vivid","resolution":"1024x1024","uniqueGuard":false,"timeoutSeconds":1800,"maxCost":null,"progress":true,"metadata":{"number":"10"}}', NULL, '2026-11-24 23:59:56.23596+00', '2026-11-25 00:29:56.235998+00', NULL, NULL, '2026-11-24 23:59:58.788131+00', NULL, '[]', '[{"number":0,"state":"Generated","url":"http://127.0.0.1:42021/images/pibj3wabsntq33hd/0.png","errorId":null,"attempts":1,"resendAt":null}]', '[{"id":"pibj3wabsntq33hd","providerId":"pibj3wabsntq33hd","imageNumbers":[0],"state":"Accepted","inDoubt":false,"cost":0.0380,"imageCosts":[0.0380],"nextSubmitAt":null,"nextCheckAt":null,"checkedAt":"2026-11-24T23:59:58.6721878+00:00","failures":0,"isInFinalCheck":false}]');


--
-- Data for Name: submission_pace; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.submission_pace VALUES (1, '2026-11-24 23:59:57.157528+00');


--
-- Data for Name: submissions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.submissions VALUES ('hdsysnzs2qwr5wgf', '20261125-0000-4000-8000-000000000008', 'Accepted', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:20.189184+00', '2026-11-24 23:59:12.179967+00', 1, '2026-11-24 23:59:12.216816+00', 'hdsysnzs2qwr5wgf', 0.0380);
INSERT INTO public.submissions VALUES ('yrfixcijz7g3arvn', '20261125-0000-4000-8000-000000000004', 'Accepted', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:20.213072+00', '2026-11-24 23:59:12.209277+00', 1, '2026-11-24 23:59:12.236829+00', 'yrfixcijz7g3arvn', 0.0760);
INSERT INTO public.submissions VALUES ('zt6vq66a6xfhjyqi', '20261125-0000-4000-8000-000000000005', 'Accepted', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:20.24683+00', '2026-11-24 23:59:12.245548+00', 1, '2026-11-24 23:59:12.260916+00', 'zt6vq66a6xfhjyqi', 0.0760);
INSERT INTO public.submissions VALUES ('wrs7xdslhwztmrjx', '20261125-0000-4000-8000-000000000009', 'Refused', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:20.265895+00', '2026-11-24 23:59:12.146719+00', 1, '2026-11-24 23:59:12.290592+00', NULL, NULL);
INSERT INTO public.submissions VALUES ('2mdmcyp4ep7n3evi', '20261125-0000-4000-8000-000000000003', 'Released', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:21.378697+00', '2026-11-24 23:59:13.376886+00', 1, '2026-11-24 23:59:13.406388+00', NULL, NULL);
INSERT INTO public.submissions VALUES ('gbrqki7becnoppov', '20261125-0000-4000-8000-000000000006', 'Started', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:14.455187+00', '2026-11-24 23:59:13.418641+00', 1, NULL, NULL, NULL);
INSERT INTO public.submissions VALUES ('iyyehxr36vu6f3kr', '20261125-0000-4000-8000-000000000007', 'Accepted', '83becbb3-e5a8-4797-a0e1-d97c3f469264', '2026-11-24 23:59:21.551351+00', '2026-11-24 23:59:13.548008+00', 1, '2026-11-24 23:59:13.568194+00', 'iyyehxr36vu6f3kr', 0.0380);
INSERT INTO public.submissions VALUES ('32ucrb4uglcfn2fl', '20261125-0000-4000-8000-000000000001', 'Started', '0d8473b9-57ac-4f6d-92ad-c44332694da2', '2026-11-24 23:59:39.001377+00', '2026-11-24 23:59:30.957792+00', 1, NULL, NULL, NULL);
INSERT INTO public.submissions VALUES ('s46vxhkkkqbeha7u', '20261125-0000-4000-8000-000000000002', 'Started', '522cd3ba-900e-4390-bcb5-f065363d22c1', '2026-11-24 23:59:52.744028+00', '2026-11-24 23:59:44.711004+00', 1, NULL, NULL, NULL);
INSERT INTO public.submissions VALUES ('pibj3wabsntq33hd', '20261125-0000-4000-8000-000000000010', 'Accepted', '7435d6ee-a999-4d9b-a120-111036e6ed7c', '2026-11-25 00:00:05.20546+00', '2026-11-24 23:59:57.176824+00', 1, '2026-11-24 23:59:57.368941+00', 'pibj3wabsntq33hd', 0.0380);


--
-- Name: __EFMigrationsHistory PK___EFMigrationsHistory; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."__EFMigrationsHistory"
    ADD CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId");


--
-- Name: inbox pk_inbox; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT pk_inbox PRIMARY KEY (request_id);


--
-- Name: outbox pk_outbox; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (id);


--
-- Name: requests pk_requests; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT pk_requests PRIMARY KEY (id);


--
-- Name: submission_pace pk_submission_pace; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submission_pace
    ADD CONSTRAINT pk_submission_pace PRIMARY KEY (id);


--
-- Name: submissions pk_submissions; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.submissions
    ADD CONSTRAINT pk_submissions PRIMARY KEY (id);


--
-- Name: ix_inbox_removed_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_inbox_removed_at ON public.inbox USING btree (removed_at);


--
-- Name: ix_outbox_claimable_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_outbox_claimable_at ON public.outbox USING btree (claimable_at);


--
-- Name: ix_requests_closed_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_requests_closed_at ON public.requests USING btree (closed_at) WHERE (closed_at IS NOT NULL);


--
-- Name: ix_requests_next_tick_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_requests_next_tick_at ON public.requests USING btree (next_tick_at) WHERE (next_tick_at IS NOT NULL);


--
-- Name: ix_requests_requested_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_requests_requested_at ON public.requests USING btree (requested_at) WHERE ((closed_at IS NULL) AND (next_tick_at IS NULL));


--
-- Name: ix_submissions_lease_until; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_submissions_lease_until ON public.submissions USING btree (lease_until) WHERE ((state)::text = 'Started'::text);


--
-- Name: ix_submissions_request_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_submissions_request_id ON public.submissions USING btree (request_id);


--
-- PostgreSQL database dump complete
--
